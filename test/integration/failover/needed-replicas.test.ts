import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createPlace } from './place.ts';
import type { Place } from './place.ts';

vi.setConfig({ testTimeout: 400_000, hookTimeout: 400_000 });

let place: Place;
let [a, b, c, a2, b2, c2] = ['', '', '', '', '', ''];

beforeAll(async () => {
  const config = { 'cluster-node-timeout': 2000, maxmemory: '200mb', 'min-replicas-to-write': 1 };
  place = await createPlace(18_300, { config });
  [a, b, c, a2, b2, c2] = place.ids;
});
afterAll(() => place.close());

const set = (id: string, value: string): Promise<string> =>
  place.redis(id, 'CONFIG', 'SET', 'min-replicas-to-write', value);
const runId = async (id: string): Promise<string | undefined> =>
  /run_id:(\w+)/.exec(await place.redis(id, 'INFO', 'server'))?.[1];
const roleOf = async (id: string): Promise<string | undefined> =>
  (await place.redis(id, 'ROLE')).split('\n')[0];

describe('where a master refuses writes without replicas (min-replicas-to-write)', () => {
  it('a restart of its only replica has to be agreed to', async () => {
    const before = await runId(b2);
    const { error } = await place.json(4, 'restart', b2);
    expect(error.message).toMatch(
      new RegExp(`while ${b2} restarts, shard 1 refuses writes: ${a} has 0 of 1 replicas in sync`),
    );
    expect(error.hints.join()).toContain('--yes');
    expect(await runId(b2)).toBe(before);
    await place.json(0, '--yes', 'restart', b2);
    expect(await runId(b2)).not.toBe(before);
  });

  it('so has one of the master, whose successor is alone meanwhile', async () => {
    const before = await runId(a);
    const { error } = await place.json(4, 'restart', a);
    expect(error.message).toContain(`while ${a} restarts, shard 1 refuses writes: ${b2} has 0 of 1`);
    expect(await runId(a)).toBe(before);
    expect(await roleOf(a)).toBe('master');
  });

  it('no master moves to where it would need more replicas than there are', async () => {
    await set(b2, '2');
    for (const args of [
      ['failover', a],
      ['restart', a],
      ['drill', '1', '--confirm', 'rehearsal'],
    ]) {
      const { error } = await place.json(4, '--yes', ...args);
      expect(error.message).toContain(`shard 1 would refuse writes: ${b2} has 1 of 2 replicas in sync`);
    }
    expect(await roleOf(a)).toBe('master');
    await set(b2, '1');
    const { moves } = await place.json(0, '--yes', 'failover', a, '--probe');
    expect(moves[0].probe).toMatchObject({ lost: 0, errors: {} });
    await set(a, '2');
    const { error } = await place.json(4, '--yes', 'balance-masters');
    expect(error.message).toContain(`shard 1 would refuse writes: ${a} has 1 of 2 replicas in sync`);
    await set(a, '1');
    await place.json(0, '--yes', 'balance-masters');
  });

  it('a drain asks the node that would be the master', async () => {
    for (const id of place.ids) await set(id, id === b2 ? '1' : '0');
    const { error } = await place.json(4, '--yes', 'drain', 'a');
    expect(error.message).toContain(`shard 1 would refuse writes: ${b2} has 0 of 1 replicas in sync`);
    for (const id of place.ids) await set(id, '1');
  });

  it('a drill says that its shard takes no writes until the node is started again', async () => {
    const { error } = await place.json(4, '--yes', 'drill', '1');
    expect(error.message).toContain(
      `shard 1 then refuses writes until ${a} is started again: ${b2} has 0 of 1 replicas in sync`,
    );
    expect(await roleOf(a)).toBe('master');
  });

  it('a shard that refuses writes already is not kept from anything', async () => {
    await set(c, '2');
    await set(a2, '2');
    const { moves } = await place.json(0, '--yes', 'failover', c);
    expect(moves).toMatchObject([{ handOver: { from: c, to: a2 } }]);
    expect([b, c2]).toHaveLength(2);
  });
});
