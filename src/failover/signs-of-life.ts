import { ownLine, reachableNodes } from '../cluster/shape.ts';
import type { Member } from '../cluster/shape.ts';
import type { NodeTopology, TopologyView } from '../cluster/view.ts';

/**
 * What shows that a master was alive between two looks at other nodes, as clauses: a node of the cluster had
 * a pong from it, or one of its replicas got more of its stream. Both are the nodes' own words, by their own
 * clocks. Nothing: it may be alive all the same.
 */
export function signsOfLife(before: TopologyView, after: TopologyView, master: Member): readonly string[] {
  const earlier = new Map(reachableNodes(before).map((node) => [node.node, node]));
  // Gossip hands on when another node had its last pong: only what is newer than anybody's says something.
  const newest = Math.max(...[...earlier.values()].map((view) => pongOf(view, master) ?? 0));
  return reachableNodes(after).flatMap((now) => {
    const then = earlier.get(now.node);
    if (!then || now.node === master.node.id) return [];
    return [
      ...((pongOf(now, master) ?? 0) > newest
        ? [`${now.node} had an answer from ${master.node.id} on the cluster bus just now`]
        : []),
      ...(hasAdvanced(followedTo(then, master), followedTo(now, master))
        ? [`${now.node} still receives writes from ${master.node.id}`]
        : []),
    ];
  });
}

const pongOf = (view: NodeTopology, { nodeId }: Member): number | undefined =>
  view.nodes.find((line) => line.nodeId === nodeId)?.pongReceived;

/** How far a linked replica of this master has read its stream; undefined: it is none, or does not say. */
function followedTo(view: NodeTopology, master: Member): number | undefined {
  const { info } = view;
  if (ownLine(view)?.masterId !== master.nodeId || info['master_link_status'] !== 'up') return undefined;
  const offset = info['slave_read_repl_offset'] ?? info['slave_repl_offset'];
  return offset === undefined ? undefined : Number(offset);
}

const hasAdvanced = (then: number | undefined, now: number | undefined): boolean =>
  then !== undefined && now !== undefined && now > then;
