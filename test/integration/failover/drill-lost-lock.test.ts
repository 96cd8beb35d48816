import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { until } from '../../support/until.ts';
import { createPlace } from './place.ts';
import type { Place } from './place.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let place: Place;

beforeAll(async () => {
  place = await createPlace(18_016);
});
afterAll(() => place?.close());

const fileOf = (name: string): string => join(place.state, 'weedgo-redis/.operations', `rehearsal.${name}`);
const roleOf = async (id: string): Promise<string> => (await place.redis(id, 'ROLE')).split('\n')[0] ?? '';

/** Another operator's lock, as the host's own script writes it, with a sign of life of this moment. */
async function takeLock(): Promise<void> {
  const [boot, uptime] = await Promise.all([
    readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
    readFile('/proc/uptime', 'utf8'),
  ]);
  const record = { owner: 'other@elsewhere', since: new Date().toISOString(), reason: 'drain a' };
  const lines = ['another-token', boot.trim(), uptime.split('.')[0], JSON.stringify(record), ''];
  await writeFile(fileOf('lock.test'), lines.join('\n'));
  await rename(fileOf('lock.test'), fileOf('lock'));
}

it('a drill that lost its lock leaves its node down, and neither fails over nor writes the journal', async () => {
  const [master, , , , replica] = place.ids;
  const run = place.start('drill', '1', '--confirm', 'rehearsal');
  await until(async () => await expect(place.redis(master, 'PING')).rejects.toThrow(), {
    timeoutMs: 120_000,
  });
  const journal = await readFile(fileOf('memory.json'), 'utf8');
  expect(JSON.parse(journal)).toMatchObject({ drill: { node: master } });
  await takeLock();

  const { code, stderr } = await run.done;
  expect(code).not.toBe(0);
  expect(stderr).toContain('the lock was lost');
  expect(stderr).toContain(`${master}: it was not started again: `);
  // Another holder of the lock may want it down.
  await expect(place.redis(master, 'PING')).rejects.toThrow();
  expect(await roleOf(replica)).toBe('master');
  expect(await readFile(fileOf('memory.json'), 'utf8')).toBe(journal);
  expect(await readFile(fileOf('lock'), 'utf8')).toContain('another-token');

  // The other's lock ends; the next drill tidies up.
  await writeFile(fileOf('lock'), (await readFile(fileOf('lock'), 'utf8')).replace(/^(.*\n.*\n)\d+/, '$10'));
  await place.json(0, 'drill', '2', '--confirm', 'rehearsal');
  expect(await roleOf(master)).toBe('master');
});
