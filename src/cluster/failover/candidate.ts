import type { Member, Shard } from '../shape.ts';
import { lagOf, offsetOf } from './situation.ts';
import type { Situation } from './situation.ts';

/** A replica as a successor of its master. Lower ranks first; compared one after the other. */
type Rank = readonly number[];

/**
 * The replica that should take over, best first: linked to its master, in sync, not on a drained host, on the
 * host and then in the zone with the fewest masters, the lowest lag. The first may still be unfit: the guard
 * says so. `masterHosts`: where the other shards' masters (will) stand.
 */
export function rankReplicas(
  situation: Situation,
  shard: Shard,
  masterHosts: readonly string[],
): readonly Member[] {
  const rank = (replica: Member): Rank => {
    const lag = lagOf(situation, shard, replica) ?? Number.POSITIVE_INFINITY;
    return [
      Number(replica.linked !== true),
      Number(lag > situation.maxLag),
      Number(situation.drained.includes(replica.node.host)),
      masterHosts.filter((host) => host === replica.node.host).length,
      mastersInZone(situation, replica, masterHosts),
      lag,
    ];
  };
  return byRank(shard.replicas, rank);
}

/**
 * The replica that should replace a dead master, best first: the data counts before anything else, so the
 * highest offset leads.
 */
export function rankSurvivors(situation: Situation, shard: Shard): readonly Member[] {
  return byRank(shard.replicas, (replica) => [
    Number(replica.source !== 'own'),
    -(offsetOf(situation, replica) ?? -1),
    Number(situation.drained.includes(replica.node.host)),
  ]);
}

function mastersInZone(situation: Situation, { node }: Member, masterHosts: readonly string[]): number {
  if (node.zone === undefined) return 0;
  const zoneOf = new Map(situation.inventory.hosts.map(({ name, zone }) => [name, zone]));
  return masterHosts.filter((host) => zoneOf.get(host) === node.zone).length;
}

function byRank(members: readonly Member[], rank: (member: Member) => Rank): readonly Member[] {
  const ranked = members.map((member) => ({ member, rank: rank(member) }));
  return ranked.toSorted((a, b) => compare(a.rank, b.rank)).map(({ member }) => member);
}

/** Of equal ranks the order of the inventory stands (sorting is stable). */
function compare(a: Rank, b: Rank): number {
  const index = a.findIndex((value, position) => value !== b[position]);
  return index === -1 ? 0 : (a[index] ?? 0) - (b[index] ?? 0);
}
