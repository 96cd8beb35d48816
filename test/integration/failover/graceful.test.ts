import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { median, startLoad, tell } from './load.ts';
import { startPythonLoad } from './load-python.ts';
import { createPlace, password } from './place.ts';
import type { Place } from './place.ts';

vi.setConfig({ testTimeout: 400_000, hookTimeout: 400_000 });

let place: Place;
let [a, b, c, a2, b2, c2] = ['', '', '', '', '', ''];

beforeAll(async () => {
  place = await createPlace(17950);
  [a, b, c, a2, b2, c2] = place.ids;
});
afterAll(() => place.close());

const pairsOf = ({ moves }: { moves: { handOver: { from: string; to: string } }[] }): string[] =>
  moves.map(({ handOver }) => `${handOver.from} ${handOver.to}`);

describe('a graceful failover', () => {
  it('has to be agreed to where the layout gets fragile, and is refused otherwise', async () => {
    const document = await place.json(4, 'failover', a);
    expect(document.error.message).toMatch(/would not survive the loss of b: 1 of 3 masters would be left/);
    expect((await place.nodes(a)).find(({ flags }) => flags.includes('myself'))?.role).toBe('master');
  });

  it('loses nothing of the probe and says who, how long, offsets and epochs', async () => {
    const document = await place.json(0, '--yes', 'failover', a, '--probe');
    expect(pairsOf(document)).toEqual([`${a} ${b2}`]);
    const [{ handOver, probe }] = document.moves;
    expect(probe).toMatchObject({ lost: 0, unread: 0, unacknowledged: 0, errors: {}, removed: true });
    expect(probe.acknowledged).toBeGreaterThan(300);
    expect(handOver.epochs.after).toBeGreaterThan(handOver.epochs.before);
    expect(handOver.offsets.after.to).toBeGreaterThan(handOver.offsets.before.to);
    expect(document.fatal).toMatchObject([{ host: 'b' }]);
    // The probe leaves nothing behind.
    expect(await place.redis(b2, 'DBSIZE')).toBe('0');
    expect(await place.redis(a, 'DBSIZE')).toBe('0');
  });

  it('is agreed to by every node, not only by those that took part', async () => {
    const accounts = await Promise.all(
      place.ids.map(async (id) =>
        (await place.nodes(id))
          .map(({ nodeId, role, masterId }) => `${nodeId} ${role} ${masterId}`)
          .toSorted(),
      ),
    );
    for (const account of accounts) expect(account).toEqual(accounts[0]);
  });

  it('takes a shard by its number, a replica by its name and a host with all its masters', async () => {
    expect(pairsOf(await place.json(0, 'failover', '1'))).toEqual([`${b2} ${a}`]);
    expect(pairsOf(await place.json(0, '--yes', 'failover', c2))).toEqual([`${b} ${c2}`]);
    const both = await place.json(0, '--yes', 'failover', 'c');
    expect(pairsOf(both)).toEqual([`${c2} ${b}`, `${c} ${a2}`]);
    expect(await place.json(0, 'failover', 'c')).toMatchObject({ changed: false, moves: [] });
  });

  it('is undone by balance-masters, which then has nothing to do', async () => {
    expect(pairsOf(await place.json(0, 'balance-masters'))).toEqual([`${a2} ${c}`]);
    expect(await place.json(0, 'balance-masters')).toMatchObject({ changed: false, moves: [], problems: [] });
  });

  it('takes only what the inventory has, and needs a target without a terminal', async () => {
    expect((await place.json(2, 'failover', 'd')).error.hints.join()).toContain('Hosts: a, b, c');
    expect((await place.json(2, 'failover')).error.message).toContain('needs a target');
    expect((await place.json(2, 'failover', a, '--max-lag', 'much')).error.message).toContain('--max-lag');
    expect((await place.json(2, 'failover', a, '--force', '--takeover')).error.kind).toBe('usage');
  });

  it('loses no write of a foreign client, ten times in a row', async () => {
    const load = await startLoad(place.ids.map(place.addressOf), password);
    const gaps: number[] = [];
    for (let round = 0; round < 10; round += 1) {
      await load.gap();
      await place.json(0, '--yes', 'failover', String((round % 3) + 1));
      gaps.push(await load.gap());
    }
    const report = await load.finish();
    tell('10 failovers under ioredis', { medianMs: median(gaps), maxMs: Math.max(...gaps), ...report });
    expect(report.lost).toBe(0);
    expect(report.errors).toEqual({});
  });

  it('loses no write of redis-py', async () => {
    const load = await startPythonLoad({ nodes: place.ids.map(place.addressOf), password });
    for (const shard of ['1', '2', '3', '1', '2', '3']) await place.json(0, '--yes', 'failover', shard);
    const report = await load.finish();
    tell('6 failovers under redis-py', report);
    expect(report.lost).toBe(0);
    expect(report.errors).toEqual({});
  });
});
