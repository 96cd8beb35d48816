import type { Inventory, Node } from '../inventory/inventory.ts';
import { reachableNodes, standsAt } from './shape.ts';
import type { Peer, StepOf } from './step.ts';
import type { ClusterView } from './view.ts';

export type Meetings = {
  /** New replicas meet their masters, so that they can replicate before anybody else learns of them. */
  readonly masters: readonly StepOf<'meet'>[];
  readonly others: readonly StepOf<'meet'>[];
};

/**
 * Introduces nodes that do not know each other both ways. Where many are new, each meets those 1, 2, 4, 8, …
 * places on in the inventory, and their gossip does the rest within a few pings: every pair at once costs
 * twice the work at 120 nodes (measured). A node that has few to meet meets them all.
 */
export function planMeetings(
  inventory: Inventory,
  view: ClusterView,
  replicas: readonly StepOf<'replicate'>[],
): Meetings {
  const strangers = strangersOf(inventory, view);
  const places = new Map(inventory.nodes.map((node, index) => [node.id, index]));
  const masters = new Map(replicas.map(({ node, master }) => [node, master]));
  const few = (node: Node): boolean => (strangers.get(node)?.length ?? 0) <= fewStrangers;
  const apart = (a: Node, b: Node): number => (places.get(b.id) ?? 0) - (places.get(a.id) ?? 0);
  const isMaster = (a: Node, b: Node): boolean => masters.get(a.id) === b.id;
  const pairs = [...strangers].flatMap(([node, peers]) => peers.map((peer) => [node, peer] as const));
  return {
    masters: toSteps(pairs.filter(([node, peer]) => isMaster(node, peer))),
    others: toSteps(
      pairs.filter(
        ([a, b]) =>
          apart(a, b) > 0 &&
          !isMaster(a, b) &&
          !isMaster(b, a) &&
          (few(a) || few(b) || isPowerOfTwo(apart(a, b))),
      ),
    ),
  };
}

const fewStrangers = 8;

const isPowerOfTwo = (number: number): boolean => (number & (number - 1)) === 0;

/**
 * For each node, the nodes that it does not know or that do not know it. Who moved to another address while
 * nobody could follow is looked for at the old one: a meeting with a known id brings its address up to date
 * (cluster.c, nodeUpdateAddressIfNeeded).
 */
function strangersOf(inventory: Inventory, view: ClusterView): ReadonlyMap<Node, readonly Node[]> {
  const views = new Map(reachableNodes(view).map((node) => [node.node, node]));
  const lines = new Map(
    [...views].map(([id, { nodes }]) => [id, new Map(nodes.map((line) => [line.nodeId, line]))]),
  );
  const knows = (a: Node, b: Node): boolean => {
    const line = lines.get(a.id)?.get(views.get(b.id)?.nodeId ?? '');
    return line !== undefined && (line.linkState === 'connected' || standsAt(line, b));
  };
  const nodes = inventory.nodes.filter(({ id }) => views.has(id));
  return new Map(
    nodes.map((node) => [
      node,
      nodes.filter((peer) => peer !== node && !(knows(node, peer) && knows(peer, node))),
    ]),
  );
}

function toSteps(pairs: readonly (readonly [Node, Node])[]): readonly StepOf<'meet'>[] {
  const peers = new Map<string, Peer[]>();
  for (const [node, { id, address, port, busPort }] of pairs) {
    const peer = { node: id, address, port, busPort };
    const met = peers.get(node.id);
    if (met) met.push(peer);
    else peers.set(node.id, [peer]);
  }
  return [...peers].map(([node, met]) => ({ kind: 'meet', node, peers: met }));
}
