import type { Shard } from '../shape.ts';

/** Where the copies of one shard stand, as far as they could take over. */
export type ShardSeats = {
  readonly number: number;
  readonly master: string;
  /** Hosts of the replicas that are in sync. */
  readonly replicas: readonly string[];
};

/** What the loss of one host would break. */
export type HostLoss = { readonly host: string; readonly why: string };

export function seatsOf(shards: readonly Shard[]): readonly ShardSeats[] {
  return shards.map(({ number, master, replicas }) => ({
    number,
    master: master.node.host,
    replicas: replicas.filter(({ linked }) => linked).map(({ node }) => node.host),
  }));
}

/** The seats after the shard's master and a replica on `host` have swapped roles. */
export function swapSeats(seats: readonly ShardSeats[], number: number, host: string): readonly ShardSeats[] {
  return seats.map((shard) =>
    shard.number === number
      ? { number, master: host, replicas: [...without(shard.replicas, host), shard.master] }
      : shard,
  );
}

/**
 * The hosts whose loss the cluster would not survive: a shard would have no copy left, or the masters left over
 * would be no majority and could elect no replica (Redis Cluster specification, "Replica election").
 */
export function fatalHosts(seats: readonly ShardSeats[]): readonly HostLoss[] {
  const hosts = new Set(seats.flatMap(({ master, replicas }) => [master, ...replicas]));
  return [...hosts].toSorted().flatMap((host) => {
    const losses = lossesOf(seats, host);
    return losses.length === 0 ? [] : [{ host, why: losses.join('; ') }];
  });
}

function lossesOf(seats: readonly ShardSeats[], host: string): readonly string[] {
  const masters = seats.filter(({ master }) => master === host);
  const bare = masters.filter(({ replicas }) => replicas.every((replica) => replica === host));
  const noMajority = masters.length > 0 && (seats.length - masters.length) * 2 <= seats.length;
  return [
    ...bare.map(({ number }) => `shard ${number} has no copy in sync elsewhere`),
    ...(noMajority
      ? [`it has ${masters.length} of ${seats.length} masters, so no majority would be left`]
      : []),
  ];
}

/** The list without one occurrence of the value. */
function without(list: readonly string[], value: string): readonly string[] {
  const index = list.indexOf(value);
  return index === -1 ? list : list.toSpliced(index, 1);
}
