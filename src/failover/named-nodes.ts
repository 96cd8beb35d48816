import { parseTarget } from '../cluster/failover/target.ts';
import type { Inventory, Node } from '../inventory/inventory.ts';

/**
 * The nodes that a target (a node, a shard's number, a host, or `all`) names: ids, in the inventory's order.
 */
export function namedNodes(inventory: Inventory, text: string): readonly string[] {
  if (text === 'all') return inventory.nodes.map(({ id }) => id);
  const target = parseTarget(inventory, text);
  const isNamed = (node: Node): boolean =>
    target.kind === 'node' || target.kind === 'heir'
      ? node === target.node
      : target.kind === 'host'
        ? node.host === target.host.name
        : node.shard === target.number;
  return inventory.nodes.filter(isNamed).map(({ id }) => id);
}
