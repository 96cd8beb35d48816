import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { until } from '../../support/until.ts';
import { tell } from './load.ts';
import { createPlace } from './place.ts';
import type { Place } from './place.ts';

vi.setConfig({ testTimeout: 400_000, hookTimeout: 400_000 });

let place: Place;
let [a, b, c, a2, b2, c2] = ['', '', '', '', '', ''];

beforeAll(async () => {
  // Long enough that the cluster itself does not come first.
  place = await createPlace(17970, { config: { 'cluster-node-timeout': 120000, maxmemory: '200mb' } });
  [a, b, c, a2, b2, c2] = place.ids;
});
afterAll(() => place.close());

const roleOf = async (id: string): Promise<string | undefined> =>
  (await place.nodes(id)).find(({ flags }) => flags.includes('myself'))?.role;

/** Resolves once the process is gone. */
const kill = (id: string): Promise<void> => place.signal(id, 'SIGKILL');

const startAll = async (): Promise<void> => void (await place.json(0, 'start'));

describe('a master that is alive', () => {
  it('is not replaced by force unless the shard’s name is typed', async () => {
    const refused = await place.json(4, '--yes', 'failover', a, '--force');
    expect(refused.error.message).toMatch(/nothing proves that .* is dead/);
    expect(refused.error.hints.join()).toContain('--confirm shard-1');
    expect((await place.json(4, 'failover', a, '--force', '--confirm', 'shard-2')).error.kind).toBe(
      'refused',
    );
    expect(await roleOf(a)).toBe('master');
  });

  it('is when it is typed, and what is lost is counted', async () => {
    const document = await place.json(0, 'failover', a, '--force', '--confirm', 'shard-1', '--probe');
    const [{ handOver, death, before, after, probe }] = document.moves;
    expect(handOver).toMatchObject({ from: a, to: b2, mode: 'force', masterGone: false });
    expect(death).toBeUndefined();
    expect(before.bytes).toBeGreaterThanOrEqual(0);
    expect(after.tookOverAt).toBeGreaterThan(0);
    tell('FORCE with the master alive', { lost: probe.lost, acknowledged: probe.acknowledged, ...after });
    expect(probe.lostNumbers.length).toBe(Math.min(20, probe.lost));
    expect(probe.acknowledged).toBeGreaterThan(0);
  });

  it('that is paused is no dead one: it may wake up', async () => {
    const { error } = await place.paused([b2], () => place.json(4, '--yes', 'failover', b2, '--force'));
    expect(error.message).toMatch(/nothing proves/);
  });
});

describe('a master whose process is gone', () => {
  it('is not failed over gracefully', async () => {
    await kill(b);
    const { error } = await place.json(4, '--yes', 'failover', b);
    expect(error.message).toMatch(/does not respond/);
    expect(error.hints.join()).toContain('--force');
  });

  it('is replaced at once, without typing', async () => {
    const document = await place.json(0, '--yes', 'failover', b, '--force', '--probe');
    const [{ handOver, death, after, statement, probe }] = document.moves;
    expect(handOver).toMatchObject({ from: b, to: c2, masterGone: true });
    expect(death.kind).toBe('process');
    expect(death.evidence.join()).toContain(`no process of ${b} runs`);
    expect(statement).toMatch(/offset/);
    expect(probe.lost).toBe(0);
    tell('kill -9, then --force', { agreedMs: handOver.agreedMs, ...after });
    await startAll();
    expect(await roleOf(b)).toBe('replica');
  });

  it('is not replaced by a replica that holds no copy', async () => {
    // A replica that starts empty while its master does not answer never was in sync.
    await kill(a2);
    const data = join(place.state, 'weedgo-redis', 'rehearsal', String(place.addressOf(a2).port), 'data');
    for (const name of await readdir(data))
      if (name !== 'nodes.conf') await rm(join(data, name), { recursive: true });
    await place.signal(c, 'SIGSTOP');
    const starting = place.start('start');
    await until(async () => expect(await place.redis(a2, 'DBSIZE')).toBe('0'), { timeoutMs: 120_000 });
    starting.kill('SIGKILL');
    await starting.done;
    await kill(c);
    const { error } = await place.json(4, '--yes', 'failover', c, '--force');
    expect(error.message).toMatch(/holds no copy: it was never in sync/);
    await startAll();
  });

  it('needs --takeover when no majority is left', async () => {
    await kill(c);
    await kill(c2);
    const refused = await place.json(4, '--yes', 'failover', c, '--force');
    expect(refused.error.message).toMatch(/only 1 of 3 masters take part/);
    const [{ handOver }] = (await place.json(0, '--yes', 'failover', c, '--takeover')).moves;
    expect(handOver).toMatchObject({ from: c, to: a2, mode: 'takeover', masterGone: true });
    await startAll();
    expect(await roleOf(c)).toBe('replica');
  });

  it('is left to --force while a majority is there', async () => {
    await kill(a2);
    const { error } = await place.json(4, '--yes', 'failover', a2, '--takeover');
    expect(error.message).toMatch(/so --force can do it/);
    await startAll();
  });
});
