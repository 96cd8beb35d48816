import { describe, expect, it } from 'vitest';
import { fatalHosts, seatsOf, swapSeats } from '../../../../src/cluster/failover/resilience.ts';
import { stage } from './support.ts';

describe('fatalHosts', () => {
  it('finds none in a healthy three-by-two cluster', () => {
    expect(fatalHosts(seatsOf(stage({ what: '' }).shards))).toEqual([]);
  });

  it('says that two of three masters on one host leave no majority', () => {
    const seats = swapSeats(seatsOf(stage({ what: '' }).shards), 1, 'redis2');
    expect(fatalHosts(seats)).toEqual([
      { host: 'redis2', why: 'it has 2 of 3 masters, so no majority would be left' },
    ]);
  });

  it('is undone by swapping back', () => {
    const seats = seatsOf(stage({ what: '' }).shards);
    expect(swapSeats(swapSeats(seats, 1, 'redis2'), 1, 'redis1')).toEqual(seats);
  });

  it('counts only replicas that are in sync', () => {
    const { shards } = stage({ what: '', nodes: { 'redis2:7004': { link: 'down' } } });
    expect(fatalHosts(seatsOf(shards))).toEqual([
      { host: 'redis1', why: 'shard 1 has no copy in sync elsewhere' },
    ]);
  });

  it('does not count a replica on its master’s own host', () => {
    const nodes = {
      'redis2:7004': { replicaOf: 'redis2:7001' },
      'redis3:7005': { replicaOf: 'redis1:7000' },
    };
    expect(fatalHosts(seatsOf(stage({ what: '', nodes }).shards)).map(({ host }) => host)).toEqual([
      'redis2',
    ]);
  });
});
