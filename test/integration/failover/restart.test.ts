import { appendFile, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { until } from '../../support/until.ts';
import { startLoad, tell } from './load.ts';
import { createPlace, password } from './place.ts';
import type { Place } from './place.ts';

vi.setConfig({ testTimeout: 600_000, hookTimeout: 400_000 });

let place: Place;
let [a, b, c, a2, b2, c2] = ['', '', '', '', '', ''];

beforeAll(async () => {
  place = await createPlace(17990);
  [a, b, c, a2, b2, c2] = place.ids;
});
afterAll(() => place.close());

const runIds = (): Promise<readonly string[]> =>
  Promise.all(
    place.ids.map(async (id) => /run_id:(\w+)/.exec(await place.redis(id, 'INFO', 'server'))?.[1] ?? ''),
  );

const configOf = (id: string): string =>
  join(place.state, 'weedgo-redis', 'rehearsal', String(place.addressOf(id).port), 'redis.conf');

const restartedIn = ({ restarted }: { restarted: { node: string }[] }): string[] =>
  restarted.map(({ node }) => node);

describe('a rolling restart', () => {
  it('of all six goes replicas first, gives every role back and loses nothing', async () => {
    const before = await runIds();
    const load = await startLoad(place.ids.map(place.addressOf), password);
    const document = await place.json(0, 'restart', 'all');
    const report = await load.finish();
    tell('rolling restart of six under ioredis', report);
    expect(report.lost).toBe(0);
    expect(restartedIn(document)).toEqual([a2, b2, c2, a, b, c]);
    const after = await runIds();
    after.forEach((runId, index) => expect(runId).not.toBe(before[index]));
    const masters = (await place.nodes(a)).filter(({ role }) => role === 'master').map(({ port }) => port);
    expect(new Set(masters)).toEqual(new Set([a, b, c].map((id) => place.addressOf(id).port)));
  });

  it('touches only what is named', async () => {
    const before = await runIds();
    expect(restartedIn(await place.json(0, 'restart', 'b'))).toEqual([b2, b]);
    const after = await runIds();
    expect(after.map((runId, index) => runId === before[index])).toEqual([
      true,
      false,
      true,
      true,
      false,
      true,
    ]);
    expect(restartedIn(await place.json(0, 'restart', c2))).toEqual([c2]);
  });

  it('goes on where it was killed', async () => {
    const run = place.start('restart', 'all');
    run.onLine((line) => {
      if (line.includes('✓ restart') && line.includes(b2)) run.kill('SIGKILL');
    });
    expect((await run.done).code).toBe(137);
    const other = await place.json(4, 'restart', 'a');
    expect(other.error.message).toMatch(/a rolling restart of .* is not finished/);
    const document = await place.json(0, 'restart', 'all');
    expect(document.before).toEqual(expect.arrayContaining([a2, b2]));
    expect(new Set([...document.before, ...restartedIn(document)])).toEqual(new Set(place.ids));
  });

  it('stops at the first node that does not come back, with its log', async () => {
    const file = configOf(b2);
    const good = await readFile(file);
    await appendFile(file, 'no-such-directive yes\n');
    const before = await runIds();
    const { error } = await place.json(1, 'restart', 'all');
    expect(JSON.stringify(error)).toContain('no-such-directive');
    // Nothing after it was touched.
    await writeFile(file, good);
    expect(restartedIn(await place.json(0, 'restart', 'all'))).toEqual([b2, c2, a, b, c]);
    expect(before).toHaveLength(6);
  });

  it('is refused where a host has no configuration of its node', async () => {
    const file = configOf(c);
    await rename(file, `${file}.away`);
    const { error } = await place.json(4, 'restart', 'all');
    await rename(`${file}.away`, file);
    expect(error.message).toBe(`c has no configuration of ${c}`);
    expect(restartedIn(await place.json(0, 'restart', a2))).toEqual([a2]);
  });

  it('is refused while another replica is not in sync', async () => {
    await place.redis(c2, 'CONFIG', 'SET', 'masterauth', 'wrong');
    await place.redis(c2, 'CLIENT', 'KILL', 'TYPE', 'master');
    const { error } = await place.json(4, 'restart', b2);
    expect(error.message).toMatch(new RegExp(`${c2} is not linked`));
    await place.redis(c2, 'CONFIG', 'SET', 'masterauth', password);
    await until(async () =>
      expect(await place.redis(c2, 'INFO', 'replication')).toContain('master_link_status:up'),
    );
    // What was refused has not begun: another one may.
    expect(restartedIn(await place.json(0, 'restart', a2))).toEqual([a2]);
  });
});
