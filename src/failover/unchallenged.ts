import type { Inventory } from '../inventory/inventory.ts';

/**
 * Since when no replica has been elected in the place of a node, at least: by 40-hex node id, by
 * performance.now(). What this process has seen before it restarted a node or moved a master outlives what
 * the node itself remembers. Sessions are copied on the way through an operation; their inventory is one and
 * the same object.
 */
const seen = new WeakMap<Inventory, Map<string, number>>();

/** The node was seen to follow, or to be followed by, one and the same node for `ms`. */
export function noteUnchallenged(inventory: Inventory, nodeId: string, ms: number): void {
  const since = performance.now() - ms;
  const known = seen.get(inventory) ?? new Map<string, number>();
  seen.set(inventory, known.set(nodeId, Math.min(since, known.get(nodeId) ?? since)));
}

/** A replica was elected in its place just now. */
export function noteReplaced(inventory: Inventory, nodeId: string): void {
  const known = seen.get(inventory) ?? new Map<string, number>();
  seen.set(inventory, known.set(nodeId, performance.now()));
}

/** ms; 0: nothing is known. */
export function unchallengedMs(inventory: Inventory, nodeId: string): number {
  const since = seen.get(inventory)?.get(nodeId);
  return since === undefined ? 0 : performance.now() - since;
}
