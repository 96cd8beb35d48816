import type { Inventory } from '../inventory/inventory.ts';
import { plannedSlots } from './placement.ts';
import { reachableNodes, standsAt } from './shape.ts';
import { countSlots, intersectSlots, subtractSlots } from './slots.ts';
import type { ClusterView, NodeLine, SlotRange } from './view.ts';

/** Shards that are to start again without their keys, because no node has them any more. */
export type LostShards = {
  /** The inventory's numbers. */
  readonly shards: readonly number[];
  /** 40-hex ids that their nodes had; no node that answers has them. */
  readonly ids: readonly string[];
  /** What they served, as far as no other node has it. */
  readonly slots: readonly SlotRange[];
};

/**
 * What the nodes that answer remember of these shards, and which slots are left without an owner by them.
 * Says nothing of whether their data is gone. Pure.
 */
export function lossOf(inventory: Inventory, view: ClusterView, shards: readonly number[]): LostShards {
  const reachable = reachableNodes(view);
  const own = new Set(reachable.map(({ nodeId }) => nodeId));
  const remembered = reachable
    .flatMap(({ nodes }) => nodes)
    .filter(({ nodeId, flags }) => !own.has(nodeId) && !flags.includes('handshake'));
  const planned = inventory.nodes
    .filter(({ shard }) => shards.includes(shard))
    .flatMap(({ id }) => plannedSlots(inventory, id));
  const former = remembered.filter((line) => isFormer(line, { inventory, shards, planned }));
  const masters = new Set(former.map(({ nodeId }) => nodeId));
  // A place that answers under a new id is taken off the line of the old one.
  const copies = remembered.filter(
    ({ masterId, flags }) => flags.includes('noaddr') && masterId !== undefined && masters.has(masterId),
  );
  const ids = new Set([...masters, ...copies.map(({ nodeId }) => nodeId)]);
  const elsewhere = [
    ...reachable.flatMap(({ nodes, nodeId }) => nodes.filter((line) => line.nodeId === nodeId)),
    ...remembered.filter(({ nodeId }) => !ids.has(nodeId)),
  ].flatMap(({ slots }) => slots);
  const served = [...former.flatMap(({ slots }) => slots), ...planned];
  return {
    shards,
    ids: [...ids],
    slots: subtractSlots(served, elsewhere),
  };
}

function isFormer(
  line: NodeLine,
  {
    inventory,
    shards,
    planned,
  }: Pick<LostShards, 'shards'> & {
    readonly inventory: Inventory;
    readonly planned: readonly SlotRange[];
  },
): boolean {
  const place = inventory.nodes.find((node) => standsAt(line, node));
  if (place) return shards.includes(place.shard);
  return line.flags.includes('noaddr') && countSlots(intersectSlots(line.slots, planned)) > 0;
}

/** The view as it is when these ids (40 hex digits) are forgotten. */
export const forgetting = (view: ClusterView, ids: readonly string[]): ClusterView => ({
  nodes: view.nodes.map((node) =>
    node.reachable ? { ...node, nodes: node.nodes.filter(({ nodeId }) => !ids.includes(nodeId)) } : node,
  ),
});

/** What a refusal prints where the way out may be to give these shards up. */
export const startWithout = (shards: readonly number[]): readonly string[] =>
  shards.length === 0
    ? []
    : [
        `If every node of shard ${shards.join(' and ')} has lost its data for good, start without these keys: weedgo-redis provision --lost-shard ${shards.join(',')}`,
      ];
