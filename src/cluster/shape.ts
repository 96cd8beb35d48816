import { canonicalAddress } from '../inventory/address.ts';
import type { Inventory, Node } from '../inventory/inventory.ts';
import { countSlots, uncoveredSlots } from './slots.ts';
import type { NodeLine, NodeTopology, SlotRange, TopologyView } from './view.ts';

/**
 * One inventory node's place in the cluster: what it says of itself or, where it does not respond, the newest
 * that its peers say. Peers may be stale for seconds after a failover, so its own word always wins.
 */
export type Member = {
  readonly node: Node;
  readonly nodeId: string;
  /** peers: the node itself could not be asked. */
  readonly source: 'own' | 'peers';
  readonly role: 'master' | 'replica';
  readonly masterId: string | undefined;
  readonly configEpoch: number;
  readonly slots: readonly SlotRange[];
  /** A replica's own master_link_status is up; undefined for masters and where it does not respond. */
  readonly linked: boolean | undefined;
};

/** A master with its replicas, as it is now; not as the inventory prefers. */
export type Shard = {
  /** The inventory's number of the shard that its master belongs to. */
  readonly number: number;
  readonly master: Member;
  readonly replicas: readonly Member[];
};

/** Every inventory node that is known to itself or to a peer, in the inventory's order. */
export function membersOf(inventory: Inventory, view: TopologyView): readonly Member[] {
  const views = new Map(reachableNodes(view).map((node) => [node.node, node]));
  const peers = reachableNodes(view);
  return inventory.nodes.flatMap((node) => {
    const own = views.get(node.id);
    return (own ? ownMember(node, own) : memberByPeers(node, peers)) ?? [];
  });
}

/**
 * The shards as they are: every master that owns slots or has replicas, by shard number. Masters that have
 * neither (not yet joined, or emptied) are no shard; a replica of a master outside the inventory is in none.
 */
export function shardsOf(inventory: Inventory, view: TopologyView): readonly Shard[] {
  const members = membersOf(inventory, view);
  return members
    .filter((member) => member.role === 'master')
    .map((master) => ({
      number: master.node.shard,
      master,
      replicas: members.filter((member) => member.role === 'replica' && member.masterId === master.nodeId),
    }))
    .filter(({ master, replicas }) => countSlots(master.slots) > 0 || replicas.length > 0)
    .toSorted((a, b) => a.number - b.number);
}

/** The slots that no node of the inventory owns. */
export const unownedSlots = (members: readonly Member[]): readonly SlotRange[] =>
  uncoveredSlots(members.filter(({ role }) => role === 'master').flatMap(({ slots }) => slots));

export const reachableNodes = <T extends { readonly reachable: boolean }>(view: {
  readonly nodes: readonly T[];
}): readonly Extract<T, { readonly reachable: true }>[] =>
  view.nodes.filter((node): node is Extract<T, { readonly reachable: true }> => node.reachable);

/**
 * Groups of nodes that answer under one and the same id: copies of one data folder, or one server listed
 * twice.
 */
export function twinsOf<T extends NodeTopology>(nodes: readonly T[]): readonly (readonly T[])[] {
  const ids = [...new Set(nodes.map(({ nodeId }) => nodeId).filter((id) => id !== ''))];
  return ids.map((id) => nodes.filter(({ nodeId }) => nodeId === id)).filter((group) => group.length > 1);
}

/** The line in which a node speaks of itself; undefined in standalone mode. */
export const ownLine = (view: NodeTopology): NodeLine | undefined =>
  view.nodes.find((line) => line.nodeId === view.nodeId);

/** Whether a line is about the process at this node's address (nodes announce their private address). */
export const standsAt = (line: Pick<NodeLine, 'ip' | 'port'>, node: Node): boolean =>
  line.port === node.port && canonicalAddress(line.ip) === canonicalAddress(node.address);

function ownMember(node: Node, view: NodeTopology): Member | undefined {
  const line = ownLine(view);
  if (!line) return undefined;
  const linked = line.role === 'replica' ? view.info['master_link_status'] === 'up' : undefined;
  return toMember(node, line, { source: 'own', linked });
}

/** What the peer says that has seen the newest epoch. */
function memberByPeers(node: Node, peers: readonly NodeTopology[]): Member | undefined {
  const line = peers
    .toSorted((a, b) => currentEpoch(b) - currentEpoch(a))
    .flatMap((peer) => peer.nodes)
    .find((candidate) => standsAt(candidate, node) && !candidate.flags.includes('handshake'));
  return line && toMember(node, line, { source: 'peers', linked: undefined });
}

const currentEpoch = ({ clusterInfo }: NodeTopology): number =>
  Number(clusterInfo['cluster_current_epoch'] ?? 0);

function toMember(node: Node, line: NodeLine, known: Pick<Member, 'source' | 'linked'>): Member {
  const { nodeId, role, masterId, configEpoch, slots } = line;
  return { node, nodeId, role, masterId, configEpoch, slots, ...known };
}
