import type { Node } from '../inventory/inventory.ts';
import type { CheckInput } from './input.ts';
import { lineOf, type Member, type Stranger, type Topology } from './topology.ts';

/** A node that runs under another cluster id than the one the others remember at its place. */
export type IdentityLoss = {
  readonly node: Node;
  readonly member: Member;
  /** 40-hex ids that its place had before. */
  readonly former: readonly string[];
  readonly strangers: readonly Stranger[];
};

/**
 * Pairs nodes that nobody counts in with the ids that nobody answers for. The others mark the old id NOADDR
 * once the address answers under a new one and forget the address with it, so only those at the same address,
 * or with none, can be meant. With several such pairs all old ids are named for each: which is whose cannot
 * be told.
 */
export function identityLosses({ inventory }: CheckInput, topology: Topology): readonly IdentityLoss[] {
  const orphans = topology.strangers.filter(({ knownBy }) => knownBy.length > 0);
  return inventory.nodes.flatMap((node) => {
    const member = topology.byNode.get(node.id);
    if (!member?.view || isCountedIn(member, topology)) return [];
    const own = orphans.filter(({ replacedBy }) => replacedBy?.id === node.id);
    const meant = own.length > 0 ? own : orphans.filter((orphan) => isOrphan(orphan));
    return meant.length > 0
      ? [{ node, member, former: meant.map(({ nodeId }) => nodeId), strangers: meant }]
      : [];
  });
}

/** Some other node that answers has this node's id on its list. */
export function isCountedIn({ nodeId }: Member, { reachable }: Topology): boolean {
  return reachable.some((observer) => observer.nodeId !== nodeId && lineOf(observer, nodeId) !== undefined);
}

/** It lists no other node, and there are others that answer. */
export function knowsNobody(id: string, topology: Topology): boolean {
  const member = topology.byNode.get(id);
  if (!member?.view) return false;
  const listed = member.view.nodes.filter(
    ({ nodeId, flags }) => nodeId !== member.nodeId && !flags.includes('handshake'),
  );
  return listed.length === 0 && topology.reachable.length > 1;
}

/** It lists no other node, no other node lists it, and there are others that answer. */
export function isAlone(id: string, topology: Topology): boolean {
  const member = topology.byNode.get(id);
  return member !== undefined && knowsNobody(id, topology) && !isCountedIn(member, topology);
}

function isOrphan({ lines, replacedBy }: Stranger): boolean {
  return replacedBy === undefined && lines.some(({ flags }) => flags.includes('noaddr'));
}
