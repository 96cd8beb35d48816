import { ownLine, reachableNodes } from './shape.ts';
import type { ClusterView } from './view.ts';

/**
 * Ids (40 hex digits) of former nodes that the cluster has forgotten and a few nodes still remember, as one
 * does that was down when the others were told: nobody answers under them or at an address of theirs, they
 * own nothing, nobody copies them, and more than half of the nodes that have joined know nothing of them.
 */
export function staleIds(view: ClusterView): readonly string[] {
  const joined = reachableNodes(view).filter(({ nodes }) => nodes.length > 1);
  const own = new Set(reachableNodes(view).map(({ nodeId }) => nodeId));
  const lines = joined.flatMap(({ nodes }) => nodes).filter(({ nodeId }) => !own.has(nodeId));
  const copied = new Set(reachableNodes(view).map((node) => ownLine(node)?.masterId));
  return [...new Set(lines.map(({ nodeId }) => nodeId))].filter((id) => {
    const about = lines.filter(({ nodeId }) => nodeId === id);
    const isGone = about.every(({ flags, slots }) => flags.includes('noaddr') && slots.length === 0);
    return isGone && !copied.has(id) && about.length * 2 < joined.length;
  });
}
