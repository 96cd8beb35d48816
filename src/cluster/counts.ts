import type { Inventory, Node } from '../inventory/inventory.ts';
import { shardsOf } from '../inventory/topology.ts';
import { type Member, unownedSlots } from './shape.ts';
import { countSlots, intersectSlots } from './slots.ts';

/** A cluster that is formed and has another number of shards than the inventory. */
export type ShardCounts = {
  readonly cluster: number;
  readonly inventory: number;
  /**
   * The inventory's nodes that own no slots and replicate no node that does: they have no part in the
   * cluster.
   */
  readonly idle: readonly Node[];
};

/** undefined: the numbers are equal, or some slot has no owner, so that the cluster is not formed yet. */
export function shardCounts(inventory: Inventory, members: readonly Member[]): ShardCounts | undefined {
  if (unownedSlots(members).length > 0) return undefined;
  const owners = ownersOf(members);
  const wanted = shardsOf(inventory).length;
  if (owners.length === wanted) return undefined;
  const ids = new Set(owners.map(({ nodeId }) => nodeId));
  const placed = members.filter(
    ({ nodeId, masterId }) => ids.has(nodeId) || (masterId !== undefined && ids.has(masterId)),
  );
  const idle = inventory.nodes.filter((node) => !placed.some((member) => member.node === node));
  return { cluster: owners.length, inventory: wanted, idle };
}

export function describeShardCounts({ cluster, inventory }: ShardCounts): string {
  return `the cluster has ${shards(cluster)} and the inventory ${shards(inventory)}; slots are not moved yet`;
}

const shards = (number: number): string => `${number} shard${number === 1 ? '' : 's'}`;

/**
 * A node that does not respond is not the owner of slots that another node says it owns itself: peers hear of
 * a failover late.
 */
function ownersOf(members: readonly Member[]): readonly Member[] {
  const masters = members.filter(({ role, slots }) => role === 'master' && countSlots(slots) > 0);
  const own = masters.filter(({ source }) => source === 'own').flatMap(({ slots }) => slots);
  return masters.filter(
    ({ source, slots }) => source === 'own' || countSlots(intersectSlots(slots, own)) < countSlots(slots),
  );
}
