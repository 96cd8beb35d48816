import {
  type Member as ClusterMember,
  type Shard as ClusterShard,
  membersOf,
  reachableNodes,
  shardsOf,
  standsAt,
} from '../cluster/shape.ts';
import { type Side, sidesOf } from '../cluster/sides.ts';
import type { NodeLine, ReachableView, UnreachableView } from '../cluster/view.ts';
import type { Node } from '../inventory/inventory.ts';
import type { CheckInput } from './input.ts';
import { findTwins, type Twins } from './twins.ts';

/** Who is who in the cluster, worked out once a run from all views. */
export type Topology = {
  /**
   * Nodes that run under one id. Of each group only the original is a member; the copies take no part in
   * anything.
   */
  readonly twins: readonly Twins[];
  /** The inventory's nodes that are known to themselves or to a peer, in its order. */
  readonly members: readonly Member[];
  /** By inventory node id. */
  readonly byNode: ReadonlyMap<string, Member>;
  /** By 40-hex id. */
  readonly byId: ReadonlyMap<string, Member>;
  /** Ids that some node lists and that no node of the inventory has. */
  readonly strangers: readonly Stranger[];
  /** Masters that own slots or have replicas, by shard number. */
  readonly shards: readonly Shard[];
  readonly reachable: readonly ReachableView[];
  /** As `sidesOf` has it: whose word counts where the nodes that answer do not reach each other. */
  readonly sides: readonly Side[];
  readonly unreachable: readonly UnreachableView[];
  /** Inventory nodes that take no part: unreachable, or counted in by no other node that answers. */
  readonly out: ReadonlySet<string>;
};

export type Member = ClusterMember & {
  /** Its own view; undefined when it does not respond. */
  readonly view: ReachableView | undefined;
  /** Nodes that say FAIL of it, by inventory id. */
  readonly failedBy: readonly string[];
};

export type Stranger = {
  readonly nodeId: string;
  /** `10.0.0.9:7000`; '' when nobody knows its address. */
  readonly address: string;
  readonly lines: readonly NodeLine[];
  /** Who lists it, by inventory id. */
  readonly knownBy: readonly string[];
  /** The inventory's node that answers at its address under another id. */
  readonly replacedBy: Node | undefined;
};

export type Shard = {
  readonly number: ClusterShard['number'];
  readonly master: Member;
  readonly replicas: readonly Member[];
};

/** Works the topology out. In standalone mode it has no members. */
export function topologyOf({ inventory, view }: Pick<CheckInput, 'inventory' | 'view'>): Topology {
  const reachable = reachableNodes(view);
  const seen = (member: ClusterMember): Member => withView(member, reachable);
  const twins = findTwins(inventory, reachable);
  const copies = new Set(twins.flatMap((group) => group.copies.map(({ node }) => node.id)));
  const isCopy = ({ node }: ClusterMember): boolean => copies.has(node.id);
  const members = membersOf(inventory, view)
    .filter((member) => !isCopy(member))
    .map(seen);
  const byNode = new Map(members.map((member) => [member.node.id, member]));
  const out = inventory.nodes.map(({ id }) => id).filter((id) => isOut(byNode.get(id), reachable));
  const byId = new Map(members.map((member) => [member.nodeId, member]));
  return {
    twins,
    members,
    byNode,
    byId,
    strangers: strangersOf(byId, reachable),
    shards: shardsOf(inventory, view)
      .filter(({ master }) => !isCopy(master))
      .map(({ number, master, replicas }) => ({
        number,
        master: seen(master),
        replicas: replicas.filter((replica) => !isCopy(replica)).map(seen),
      })),
    reachable,
    sides: sidesOf(reachable),
    unreachable: view.nodes.filter((node): node is UnreachableView => !node.reachable),
    out: new Set(out),
  };
}

/** What `observer` says of the node with this 40-hex id; undefined when it does not know it. */
export function lineOf(observer: ReachableView, nodeId: string): NodeLine | undefined {
  return observer.nodes.find((line) => line.nodeId === nodeId);
}

/** A node's name in findings: its inventory id, or the start of its cluster id. */
export function nameOf({ byId }: Topology, nodeId: string): string {
  return byId.get(nodeId)?.node.id ?? nodeId.slice(0, 8);
}

function withView(member: ClusterMember, reachable: readonly ReachableView[]): Member {
  return {
    ...member,
    view: reachable.find(({ node }) => node === member.node.id),
    failedBy: reachable
      .filter((observer) => lineOf(observer, member.nodeId)?.flags.includes('fail'))
      .map(({ node }) => node),
  };
}

/** Handshakes have passing ids of their own and are no strangers yet. */
function strangersOf(
  byId: ReadonlyMap<string, Member>,
  reachable: readonly ReachableView[],
): readonly Stranger[] {
  const known = reachable.flatMap(({ nodes }) => nodes).filter(({ flags }) => !flags.includes('handshake'));
  const ids = new Set(known.map(({ nodeId }) => nodeId).filter((id) => !byId.has(id)));
  return [...ids].map((nodeId) => {
    const lines = known.filter((line) => line.nodeId === nodeId);
    const line = lines.find(({ ip }) => ip !== '');
    return {
      nodeId,
      address: line ? `${line.ip}:${line.port}` : '',
      lines,
      knownBy: reachable.filter((observer) => lineOf(observer, nodeId)).map(({ node }) => node),
      replacedBy: [...byId.values()].find(({ node, view }) => view && line && standsAt(line, node))?.node,
    };
  });
}

/** Out: nobody answers for it, or it answers and no other node counts it in. */
function isOut(member: Member | undefined, reachable: readonly ReachableView[]): boolean {
  if (!member?.view) return true;
  const others = reachable.filter(({ nodeId }) => nodeId !== member.nodeId);
  return others.length > 0 && others.every((observer) => lineOf(observer, member.nodeId) === undefined);
}
