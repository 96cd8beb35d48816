import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { until } from '../../support/until.ts';
import { startLoad, tell } from './load.ts';
import type { Load } from './load.ts';
import { createPlace, password } from './place.ts';
import type { Place } from './place.ts';

vi.setConfig({ testTimeout: 400_000, hookTimeout: 400_000 });

let place: Place;
let load: Load;
let [a, b, c, a2, b2, c2] = ['', '', '', '', '', ''];

beforeAll(async () => {
  place = await createPlace(17980);
  [a, b, c, a2, b2, c2] = place.ids;
  load = await startLoad(place.ids.map(place.addressOf), password);
});
afterAll(() => place.close());

const mastersOf = async (id: string): Promise<readonly number[]> =>
  (await place.nodes(id)).filter(({ role }) => role === 'master').map(({ port }) => port);

const electable = async (id: string): Promise<boolean> =>
  (await place.redis(id, 'CONFIG', 'GET', 'cluster-replica-no-failover')).endsWith('no');

describe('a drained host', () => {
  it('is drained only when the operator agrees to what that leaves', async () => {
    const { error } = await place.json(4, 'drain', 'a');
    expect(error.message).toMatch(/would not survive the loss of b/);
    expect(await electable(a)).toBe(true);
    expect((await place.json(2, 'drain', 'z')).error.kind).toBe('usage');
  });

  it('is not drained where a shard would then refuse every write', async () => {
    const set = (value: string): Promise<unknown> =>
      Promise.all(place.ids.map((id) => place.redis(id, 'CONFIG', 'SET', 'min-replicas-to-write', value)));
    await set('1');
    const { error } = await place.json(4, '--yes', 'drain', 'a');
    expect(error.message).toMatch(/shard 1 would refuse writes: b:\d+ has 0 of 1 replicas in sync/);
    expect(await electable(a)).toBe(true);
    await set('0');
  });

  it('has no masters, and its replicas stand for no election', async () => {
    const document = await place.json(0, '--yes', 'drain', 'a', '--probe');
    expect(document).toMatchObject({ safeToReboot: true, changed: true, bareShards: [1, 3] });
    expect(document.moves).toMatchObject([{ handOver: { from: a, to: b2 }, probe: { lost: 0 } }]);
    expect(await Promise.all([a, a2, b, c].map(electable))).toEqual([false, false, true, true]);
    expect(await mastersOf(c)).not.toContain(place.addressOf(a).port);
  });

  it('stays drained when it is drained again', async () => {
    expect(await place.json(0, '--yes', 'drain', 'a')).toMatchObject({ changed: false, moves: [] });
  });

  it('is no place to fail over to, and keeps others from being drained', async () => {
    const { error } = await place.json(4, '--yes', 'failover', c);
    expect(error.message).toMatch(/a, which is being drained/);
    expect((await place.json(4, '--yes', 'drain', 'b')).error.message).toMatch(/a is drained already \(by /);
    const balanced = await place.json(0, '--yes', 'balance-masters');
    expect(balanced).toMatchObject({ changed: false, moves: [] });
  });

  it('comes back from a power loss, in sync and with its masters, and nothing was lost', async () => {
    for (const id of [a, a2]) await place.signal(id, 'SIGKILL');
    await until(async () => expect((await place.json(3, 'verify')).ok).not.toBe(true), { timeoutMs: 60_000 });
    await place.json(0, 'start');
    // Its flags went with the processes; what was where did not.
    expect(await electable(a)).toBe(true);
    const document = await place.json(0, '--yes', 'undrain', 'a', '--probe');
    expect(document.moves).toMatchObject([{ handOver: { from: b2, to: a }, probe: { lost: 0 } }]);
    expect(await mastersOf(b)).toContain(place.addressOf(a).port);
    expect(await place.json(0, 'undrain', 'a')).toMatchObject({ changed: false, moves: [] });
    const report = await load.finish();
    tell('drain, power loss, undrain under ioredis', report);
    expect(report.lost).toBe(0);
    expect([b2, c2]).toHaveLength(2);
  });

  it('that was never rebooted is undrained all the same', async () => {
    await place.json(0, '--yes', 'drain', 'b');
    expect(await electable(b)).toBe(false);
    await place.json(0, '--yes', 'undrain', 'b');
    expect(await electable(b)).toBe(true);
    expect(await mastersOf(a)).toEqual(
      expect.arrayContaining([a, b, c].map((id) => place.addressOf(id).port)),
    );
  });
});
