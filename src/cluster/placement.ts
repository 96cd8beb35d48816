import type { Inventory } from '../inventory/inventory.ts';
import { shardsOf } from '../inventory/topology.ts';
import { countSlots, intersectSlots, splitEvenly } from './slots.ts';
import type { SlotRange } from './view.ts';

/**
 * The slots that forming gives to a node, by its inventory id: an even part to each preferred master, in
 * order of shard; none to the others. A reshard may move them later; that is not drift.
 */
export function plannedSlots(inventory: Inventory, node: string): readonly SlotRange[] {
  const shards = shardsOf(inventory);
  const index = shards.findIndex(({ master }) => master.id === node);
  const range = splitEvenly(shards.length)[index];
  return range ? [range] : [];
}

/** The shards that the inventory has these slots in. */
export const shardsWith = (slots: readonly SlotRange[], inventory: Inventory): readonly number[] =>
  shardsOf(inventory)
    .filter(({ master }) => countSlots(intersectSlots(plannedSlots(inventory, master.id), slots)) > 0)
    .map(({ number }) => number);
