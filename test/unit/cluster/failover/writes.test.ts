import { describe, expect, it } from 'vitest';
import { seatsOf, swapSeats } from '../../../../src/cluster/failover/outlook.ts';
import type { ShardSeats } from '../../../../src/cluster/failover/outlook.ts';
import { newlyRefused, refusedByRestarts } from '../../../../src/cluster/failover/writes.ts';
import type { WriteRefusal } from '../../../../src/cluster/failover/writes.ts';
import { parseNeededReplicas } from '../../../../src/cluster/parse.ts';
import { inventoryOf, stage } from './support.ts';
import type { Scene } from './support.ts';

const inventory = inventoryOf({ what: '' });
const ids = inventory.nodes.map(({ id }) => id);
const needing = (needs: number | null, odd: Scene['nodes'] = {}): readonly ShardSeats[] => {
  const nodes = Object.fromEntries(ids.map((id) => [id, { needs, ...odd[id] }]));
  return seatsOf(inventory, stage({ what: '', nodes }).view);
};
const show = ({ number, master, good, needed }: WriteRefusal): string =>
  `${number} ${master.id} ${good}/${needed ?? '?'}`;
const away = (host: string, seats: readonly ShardSeats[]): readonly string[] =>
  newlyRefused({ seats }, { seats, away: (node) => node.host === host }).map(show);
const restarting = (seats: readonly ShardSeats[], nodes: readonly string[]): readonly string[] =>
  refusedByRestarts(seats, nodes).map((refusal) => `${refusal.node.id}: ${show(refusal)}`);

describe('newlyRefused', () => {
  it('names the shards whose master is left with too few replicas, also as a successor', () => {
    expect(away('redis1', needing(1))).toEqual(['1 redis2:7004 0/1', '3 redis3:7002 0/1']);
    expect(away('redis1', needing(0))).toEqual([]);
  });

  it('leaves out a shard that refuses writes already, and one that is not touched', () => {
    expect(away('redis1', needing(2))).toEqual([]);
    expect(away('redis2', needing(1)).map((text) => text[0])).toEqual(['1', '2']);
  });

  it('goes by the node that is the master afterwards', () => {
    const seats = needing(1, { 'redis2:7004': { needs: 2 } });
    const after = { seats: swapSeats(seats, 1, 'redis2:7004') };
    expect(newlyRefused({ seats }, after).map(show)).toEqual(['1 redis2:7004 1/2']);
    expect(newlyRefused(after, { seats })).toEqual([]);
  });

  it('does not take a node for content that does not say what it needs', () => {
    expect(away('redis1', needing(null))).toEqual(['1 redis2:7004 0/?', '3 redis3:7002 0/?']);
  });

  it('counts only replicas in sync', () => {
    const odd = { 'redis2:7004': { link: 'down' } } as const;
    expect(away('redis3', needing(1, odd)).map((text) => text[0])).toEqual(['2', '3']);
  });
});

describe('refusedByRestarts', () => {
  it('counts each node by itself, and a master after its successor', () => {
    expect(restarting(needing(1), ['redis1:7000', 'redis2:7004'])).toEqual([
      'redis1:7000: 1 redis2:7004 0/1',
      'redis2:7004: 1 redis1:7000 0/1',
    ]);
    expect(restarting(needing(0), ids)).toEqual([]);
  });

  it('takes a shard for whole that will be when the next node is restarted', () => {
    const seats = needing(1, { 'redis2:7004': { down: true } });
    expect(restarting(seats, ['redis1:7000'])).toEqual(['redis1:7000: 1 redis2:7004 0/1']);
  });
});

describe('parseNeededReplicas', () => {
  it.each([
    [['min-replicas-to-write', '2', 'min-replicas-max-lag', '10'], 2],
    [['min-replicas-to-write', '2', 'min-replicas-max-lag', '0'], 0],
    [['min-replicas-max-lag', '10'], undefined],
    [[], undefined],
  ])('%j: %s', (reply, needed) => {
    expect(parseNeededReplicas(reply)).toBe(needed);
  });
});
