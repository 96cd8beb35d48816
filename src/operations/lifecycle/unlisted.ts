import { reachableNodes, standsAt } from '../../cluster/shape.ts';
import type { ClusterView } from '../../cluster/view.ts';
import type { Inventory } from '../../inventory/inventory.ts';

/**
 * The cluster's nodes that the inventory does not have, as `10.0.0.9:7000`, sorted: by the word of the nodes
 * that answer, without those that they take for dead. Empty where no node answers: then nobody could be
 * asked.
 */
export function unlistedNodes({ nodes }: Pick<Inventory, 'nodes'>, view: ClusterView): readonly string[] {
  const others = reachableNodes(view)
    .flatMap((node) => node.nodes)
    .filter(
      ({ flags }) => !flags.some((flag) => flag === 'handshake' || flag === 'noaddr' || flag === 'fail'),
    )
    .filter((line) => line.ip !== '' && !nodes.some((node) => standsAt(line, node)))
    .map(({ ip, port }) => `${ip}:${port}`);
  return [...new Set(others)].toSorted();
}
