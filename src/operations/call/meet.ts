import { type Judgement, nothingAgainst } from '../../cluster/copies.ts';
import type { Situation } from '../../cluster/failover/situation.ts';
import { reachableNodes, standsAt } from '../../cluster/shape.ts';
import type { NodeTopology } from '../../cluster/view.ts';
import type { Node } from '../../inventory/inventory.ts';

/** One MEET joins two clusters for good: neither side may know nodes that are not of the inventory. */
export function judgeMeet(
  { inventory, view }: Situation,
  { nodes, words }: { readonly nodes: readonly Node[]; readonly words: readonly string[] },
): Judgement {
  const [, , address, port] = words;
  const peer = inventory.nodes.find((node) => node.address === address && String(node.port) === port);
  const sides = [...nodes.map(({ id }) => id), ...(peer ? [peer.id] : [])];
  const seen = reachableNodes(view).filter(({ node }) => sides.includes(node));
  const known = new Set(seen.flatMap((each) => each.nodes.map(({ nodeId }) => nodeId)));
  const foreign = (each: NodeTopology): readonly string[] =>
    each.nodes
      .filter((line) => !line.flags.includes('handshake') && !line.flags.includes('noaddr'))
      .filter((line) => !inventory.nodes.some((node) => standsAt(line, node)))
      // What both sides know already is not joined by this.
      .filter((line) => seen.some(({ nodes: other }) => !other.some(({ nodeId }) => nodeId === line.nodeId)))
      .map(({ ip, port: at }) => `${ip}:${at}`);
  const refusals = seen.flatMap((each) => {
    const strangers = [...new Set(foreign(each))];
    if (strangers.length === 0) return [];
    const message = `${each.node} knows ${strangers.slice(0, 3).join(', ')}, which the inventory does not have: meeting could join two clusters`;
    return [{ code: 'in-use', message, hints: ['Run weedgo-redis verify to see who they are.'] } as const];
  });
  return known.size === 0 ? nothingAgainst : { refusals, risks: [] };
}
