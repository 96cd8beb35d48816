import type { Inventory, Node } from '../inventory/inventory.ts';
import { agreementOf } from './agreement.ts';
import { type Member, membersOf, reachableNodes, standsAt, twinsOf, unownedSlots } from './shape.ts';
import { countSlots, describeRanges, slotCount } from './slots.ts';
import type { NodeLine, NodeTopology, TopologyView, UnreachableView } from './view.ts';

/** One thing that a cluster lacks to be complete. */
export type Missing = {
  readonly kind:
    | 'answer'
    | 'identity'
    | 'state'
    | 'slots'
    | 'peer'
    | 'link'
    | 'role'
    | 'replication'
    | 'agreement';
  /** The inventory node that says so, or lacks it. */
  readonly node: string;
  /** The other side of a pair that is not connected. */
  readonly peer?: string;
  /** A clause that names the node, for a list. */
  readonly message: string;
};

/**
 * What the cluster still lacks; empty when every node of the inventory says so itself: state ok, 16384 slots
 * owned once, all nodes known and connected both ways, none failing or in handshake, roles agreed, every
 * replica's own link to its master up. Roles swapped by a failover and slots moved by a reshard lack nothing.
 */
export function listMissing(inventory: Inventory, view: TopologyView): readonly Missing[] {
  const ids = new Map(view.nodes.map((node) => [node.node, node.reachable ? node.nodeId : undefined]));
  const members = membersOf(inventory, view);
  const missing = [
    ...view.nodes.flatMap((node) =>
      node.reachable
        ? [...missingState(node), ...missingPeers(node, inventory.nodes, ids)]
        : missingAnswer(node),
    ),
    ...twinsOf(reachableNodes(view)).map(missingIdentity),
    ...members.flatMap((member) => missingRole(member, members)),
    ...missingOwners(members),
  ];
  // Accounts that are still incomplete differ everywhere; that says nothing more.
  return missing.length > 0 ? missing : missingAgreement(view);
}

const missingAnswer = ({ node, reason }: UnreachableView): readonly Missing[] => [
  { kind: 'answer', node, message: `${node} does not respond: ${reason}` },
];

function missingIdentity(twins: readonly NodeTopology[]): Missing {
  const [node = '', peer = ''] = twins.map((twin) => twin.node);
  return { kind: 'identity', node, peer, message: `${node} and ${peer} run under one node id` };
}

function missingState({ node, clusterInfo }: NodeTopology): readonly Missing[] {
  const state = clusterInfo['cluster_state'];
  const assigned = clusterInfo['cluster_slots_assigned'];
  return [
    ...(state === 'ok' ? [] : [lack('state', node, `${node} says that the cluster's state is ${state}`)]),
    ...(assigned === String(slotCount)
      ? []
      : [lack('slots', node, `${node} knows an owner for ${assigned} of ${slotCount} slots`)]),
  ];
}

/**
 * Everyone else as this node sees them: known by the id they have, connected, neither failing nor in
 * handshake.
 */
function missingPeers(
  view: NodeTopology,
  nodes: readonly Node[],
  ids: ReadonlyMap<string, string | undefined>,
): readonly Missing[] {
  const { node } = view;
  const lines = new Map(view.nodes.map((line) => [line.nodeId, line]));
  const missing = nodes
    .filter((peer) => peer.id !== node)
    .flatMap((peer) => {
      const id = ids.get(peer.id);
      return id === undefined ? [] : missingLink(node, peer.id, lines.get(id));
    });
  return missing.some(({ kind }) => kind === 'peer') ? missing : [...missing, ...strangers(view, nodes, ids)];
}

/** Lines of nodes that are not of the inventory, handshakes among them. */
function strangers(
  { node, nodes: lines }: NodeTopology,
  nodes: readonly Node[],
  ids: ReadonlyMap<string, string | undefined>,
): readonly Missing[] {
  const ours = new Set(ids.values());
  const silent = nodes.filter(({ id }) => ids.get(id) === undefined);
  const count = lines.filter(
    (line) => !ours.has(line.nodeId) && !silent.some((peer) => standsAt(line, peer)),
  ).length;
  return count > 0
    ? [lack('peer', node, `${node} still lists ${count} more than the inventory's nodes`)]
    : [];
}

function missingLink(node: string, peer: string, line: NodeLine | undefined): readonly Missing[] {
  const pair = (kind: Missing['kind'], message: string): readonly Missing[] => [
    { kind, node, peer, message: `${node} ${message}` },
  ];
  if (!line) return pair('peer', `does not know ${peer}`);
  const flag = line.flags.find((candidate) => candidate === 'fail' || candidate === 'fail?');
  if (flag) return pair('link', `says ${peer} is ${flag === 'fail' ? 'failing' : 'possibly failing'}`);
  if (line.flags.includes('handshake') || line.flags.includes('noaddr')) {
    return pair('peer', `has not finished its handshake with ${peer}`);
  }
  return line.linkState === 'connected' ? [] : pair('link', `is not connected to ${peer}`);
}

/** A master of nothing has no part in the cluster, whichever role the inventory prefers for it. */
function missingRole(
  { node, role, slots, linked, source, masterId }: Member,
  members: readonly Member[],
): readonly Missing[] {
  if (source === 'own' && linked === false) {
    const master = members.find(({ nodeId }) => nodeId === masterId)?.node.id;
    const missing = lack('replication', node.id, `${node.id} has no link to its master yet`);
    return [master === undefined ? missing : { ...missing, peer: master }];
  }
  return role === 'master' && countSlots(slots) === 0
    ? [lack('role', node.id, `${node.id} replicates no node yet and owns no slots`)]
    : [];
}

function missingOwners(members: readonly Member[]): readonly Missing[] {
  const free = unownedSlots(members);
  const node = members.find(({ role }) => role === 'master')?.node.id;
  return free.length > 0 && node !== undefined
    ? [lack('slots', node, `no node owns the slots ${describeRanges(free)}`)]
    : [];
}

/** One for each node that contradicts what others say of themselves. */
function missingAgreement(view: TopologyView): readonly Missing[] {
  const lacking = new Map<string, Missing>();
  for (const { nodeId, node, aspect, own, claims } of agreementOf(view).disagreements) {
    const subject = node ?? nodeId;
    for (const { value, by } of claims.filter((claim) => claim.value !== own)) {
      for (const reporter of by) {
        const message = `${reporter} says that the ${aspect} of ${subject} is ${value}, not ${own ?? 'what others say'}`;
        if (!lacking.has(reporter)) lacking.set(reporter, lack('agreement', reporter, message));
      }
    }
  }
  return [...lacking.values()];
}

const lack = (kind: Missing['kind'], node: string, message: string): Missing => ({ kind, node, message });
