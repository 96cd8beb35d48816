import type { Inventory } from '../inventory/inventory.ts';
import { guardKeys, guardMode, guardTwins, refuse } from './guard.ts';
import type { Refusal } from './refusal.ts';
import { reachableNodes, standsAt, twinsOf } from './shape.ts';
import { countSlots, describeRanges, intersectSlots } from './slots.ts';
import type { NodeLine, NodeView, ReachableView } from './view.ts';

/**
 * What forbids a CLUSTER MEET of nodes with a peer, which joins the clusters of both for good: of a slot that
 * both have, one side deletes its keys. Each side has to answer, since what it knows and holds is not known
 * otherwise, and must know no nodes outside the inventory.
 */
export function guardMeeting(
  inventory: Inventory,
  { nodes, peer }: { readonly nodes: readonly NodeView[]; readonly peer: NodeView },
): readonly Refusal[] {
  const others = nodes.filter(({ node }) => node !== peer.node);
  const sides = [...others, peer];
  const unfit = sides.flatMap((side) => [...guardMode(inventory, side), ...guardSilent(side)]);
  if (unfit.length > 0 || inventory.mode === 'standalone') return unfit;
  const seen = reachableNodes({ nodes: sides });
  const twins = twinsOf(seen).map(guardTwins);
  if (twins.length > 0) return twins;
  return [
    ...seen.flatMap((side) => guardOutsiders(inventory, side, seen)),
    ...reachableNodes({ nodes: others }).flatMap((node) =>
      peer.reachable ? guardPair(inventory, node, peer) : [],
    ),
  ];
}

/** A rejected password is `guardMode`'s to report. */
function guardSilent(view: NodeView): readonly Refusal[] {
  if (view.reachable || view.failure === 'auth') return [];
  return [
    refuse(
      view.node,
      `what it knows and holds is not known: ${view.reason}`,
      'Run weedgo-redis verify for details. A meeting with another cluster would delete keys.',
    ),
  ];
}

function guardOutsiders(
  inventory: Inventory,
  view: ReachableView,
  seen: readonly ReachableView[],
): readonly Refusal[] {
  const outsiders = view.nodes
    // Its own address it learns from the first peer that meets it.
    .filter((line) => line.nodeId !== view.nodeId && !line.flags.includes('noaddr'))
    .filter((line) => !inventory.nodes.some((node) => standsAt(line, node)))
    // What both sides know already is not joined by this.
    .filter((line) => seen.some((other) => lineAbout(other, line.nodeId) === undefined));
  if (outsiders.length === 0) return [];
  const names = [...new Set(outsiders.map(({ ip, port }) => `${ip}:${port}`))].slice(0, 3).join(', ');
  return [
    refuse(
      view.node,
      `it knows ${names}, which the inventory does not have: meeting could join two clusters`,
      'Run weedgo-redis verify to see who they are.',
    ),
  ];
}

/** Two that know each other already are not joined by a meeting. */
function guardPair(inventory: Inventory, node: ReachableView, peer: ReachableView): readonly Refusal[] {
  if (lineAbout(node, peer.nodeId) && lineAbout(peer, node.nodeId)) return [];
  return [...guardKeys(node), ...guardKeys(peer), ...guardRivals(inventory, node, peer)];
}

/**
 * Masters of one slot, each known to one side alone, whether they answer or not. A master that the other side
 * knows is of the same cluster, and the newer epoch decides.
 */
function guardRivals(inventory: Inventory, node: ReachableView, peer: ReachableView): readonly Refusal[] {
  const [ours, theirs] = [ownersBeyond(node, peer), ownersBeyond(peer, node)];
  const nameOf = (line: NodeLine): string =>
    inventory.nodes.find((each) => standsAt(line, each))?.id ?? `${line.ip}:${line.port}`;
  const rivals = ours.flatMap((one) =>
    theirs
      .map((other) => ({ one, other, slots: intersectSlots(one.slots, other.slots) }))
      .filter(({ slots }) => countSlots(slots) > 0),
  );
  return rivals
    .slice(0, 3)
    .map(({ one, other, slots }) =>
      refuse(
        peer.node,
        `${nameOf(other)} and ${nameOf(one)} own the slots ${describeRanges(slots)} and do not know each other`,
        'They belong to two clusters. Take one of the two out of the inventory.',
      ),
    );
}

const ownersBeyond = (view: ReachableView, other: ReachableView): readonly NodeLine[] =>
  view.nodes.filter((line) => countSlots(line.slots) > 0 && lineAbout(other, line.nodeId) === undefined);

const lineAbout = ({ nodes }: ReachableView, nodeId: string): NodeLine | undefined =>
  nodes.find((line) => line.nodeId === nodeId && !line.flags.includes('handshake'));
