import { describe, expect, it } from 'vitest';
import { loseNodes, seatsOf, swapSeats } from '../../../../src/cluster/failover/outlook.ts';
import type { Outlook, ShardSeats } from '../../../../src/cluster/failover/outlook.ts';
import { fatalHosts } from '../../../../src/cluster/failover/resilience.ts';
import type { HostLoss } from '../../../../src/cluster/failover/resilience.ts';
import { inventoryOf, stage } from './support.ts';
import type { Scene } from './support.ts';

const inventory = inventoryOf({ what: '' });
const seatsIn = (nodes: Scene['nodes'] = {}): readonly ShardSeats[] =>
  seatsOf(inventory, stage({ what: '', nodes }).view);
const fatal = (seats: readonly ShardSeats[]): readonly HostLoss[] => fatalHosts(inventory, seats);

const lose = (host: string, nodes: Scene['nodes'] = {}): Outlook =>
  loseNodes(seatsIn(nodes), (node) => node.host === host);

describe('fatalHosts', () => {
  it('finds none in a healthy three-by-two cluster', () => {
    expect(fatal(seatsIn())).toEqual([]);
  });

  it('says that two of three masters on one host leave no majority', () => {
    expect(fatal(swapSeats(seatsIn(), 1, 'redis2:7004'))).toEqual([
      { host: 'redis2', why: '1 of 3 masters would be left, and 2 are needed to elect a replica' },
    ]);
  });

  it('is undone by swapping back', () => {
    const swapped = swapSeats(seatsIn(), 1, 'redis2:7004');
    expect(fatal(swapSeats(swapped, 1, 'redis1:7000'))).toEqual([]);
  });

  it('counts only replicas that are in sync', () => {
    expect(fatal(seatsIn({ 'redis2:7004': { link: 'down' } }))).toEqual([
      { host: 'redis1', why: 'shard 1 has no copy in sync elsewhere that may take over' },
    ]);
  });

  it('does not count a replica on its master’s own host', () => {
    const nodes = {
      'redis2:7004': { replicaOf: 'redis2:7001' },
      'redis3:7005': { replicaOf: 'redis1:7000' },
    };
    expect(fatal(seatsIn(nodes)).map(({ host }) => host)).toEqual(['redis2']);
  });

  it('counts no replica that may not fail over, as on a drained host', () => {
    expect(fatal(seatsIn({ 'redis2:7004': { flags: ['nofailover'] } })).map(({ host }) => host)).toEqual([
      'redis1',
    ]);
  });

  it('counts no master that is down: with one gone the loss of another takes the majority', () => {
    const nodes = { 'redis3:7002': { down: true, flags: ['fail'] as const } };
    expect(fatal(seatsIn(nodes)).map(({ host }) => host)).toEqual(['redis1', 'redis2']);
  });
});

describe('loseNodes', () => {
  it('says which replica is elected', () => {
    const { failovers, staysUp } = lose('redis1');
    expect(failovers.map(({ number, to }) => `${number} ${to.id}`)).toEqual(['1 redis2:7004']);
    expect(staysUp).toBe(true);
  });

  it('does not take a node for dead or alive that nobody can see', () => {
    const nodes = { 'redis2:7004': { down: true, unseen: true } };
    expect(lose('redis1', nodes)).toMatchObject({ lost: [], unknown: [1], staysUp: undefined });
    expect(lose('redis3', nodes)).toMatchObject({ lost: [], unknown: [], staysUp: true });
  });

  it('knows nothing of a cluster that it cannot see', () => {
    const ids = inventory.nodes.map(({ id }) => [id, { down: true, unseen: true }] as const);
    expect(lose('redis1', Object.fromEntries(ids)).staysUp).not.toBe(true);
  });
});
