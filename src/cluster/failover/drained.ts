import type { Inventory, Node } from '../../inventory/inventory.ts';
import { reachableNodes, standsAt } from '../shape.ts';
import type { NodeLine, TopologyView } from '../view.ts';

/**
 * The hosts that are drained for maintenance, by the cluster's own word: every node there that anybody knows
 * of carries the flag `nofailover` (cluster-replica-no-failover yes), which an inventory cannot ask for. The
 * flag travels in the cluster bus, so this holds also while the host is down; after a restart the
 * configuration file's value is back.
 */
export function drainedHosts(inventory: Inventory, view: TopologyView): readonly string[] {
  return inventory.hosts
    .filter(({ nodes }) => {
      const lines = nodes.flatMap((node) => lineOf(view, node) ?? []);
      return lines.length > 0 && lines.every(({ flags }) => flags.includes('nofailover'));
    })
    .map(({ name }) => name);
}

/** A node's own line, else the first that a peer has of it. */
function lineOf(view: TopologyView, node: Node): NodeLine | undefined {
  const reachable = reachableNodes(view);
  const own = reachable.find((candidate) => candidate.node === node.id);
  const sources = own ? [own] : reachable;
  return sources.flatMap(({ nodes }) => nodes).find((line) => standsAt(line, node));
}
