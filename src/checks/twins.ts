import { standsAt, twinsOf } from '../cluster/shape.ts';
import type { ReachableView } from '../cluster/view.ts';
import type { Inventory, Node } from '../inventory/inventory.ts';

/** Nodes that run under one cluster id. */
export type Twins = {
  readonly nodeId: string;
  /** Whose id it is, as far as can be told; when `isKnown` is false, the first in the inventory. */
  readonly original: Twin;
  readonly copies: readonly Twin[];
  readonly isKnown: boolean;
  /** Ids that no node has any more: the others drop the address of an id once another one answers there. */
  readonly orphans: readonly string[];
  /** They are one process that the inventory lists under several names. */
  readonly isOneServer: boolean;
};

export type Twin = {
  readonly node: Node;
  readonly view: ReachableView;
  /** Other ids that the other nodes remember at its address: it was another node before. */
  readonly former: readonly string[];
};

/**
 * Node ids are unique only as long as nobody copies a data folder: all that go by id have to know of this.
 */
export function findTwins(inventory: Inventory, reachable: readonly ReachableView[]): readonly Twins[] {
  return twinsOf(reachable).flatMap((group) => {
    const others = reachable.filter(({ nodeId }) => nodeId !== group[0]?.nodeId);
    const twins = inventory.nodes.flatMap((node): readonly Twin[] => {
      const view = group.find((each) => each.node === node.id);
      return view ? [{ node, view, former: formerIds(node, view.nodeId, others) }] : [];
    });
    const [first] = twins;
    if (!first) return [];
    const known = originalOf(twins);
    const original = known ?? first;
    const runIds = new Set(twins.map(({ view }) => view.info['run_id'] ?? view.node));
    return [
      {
        nodeId: first.view.nodeId,
        original,
        copies: twins.filter((twin) => twin !== original),
        isKnown: known !== undefined,
        orphans: orphansOf(others, reachable),
        isOneServer: runIds.size === 1,
      },
    ];
  });
}

/** Ids under which the other nodes have known the node at this address. */
function formerIds(node: Node, nodeId: string, others: readonly ReachableView[]): readonly string[] {
  const lines = others.flatMap(({ nodes }) => nodes);
  return [
    ...new Set(
      lines
        .filter((line) => standsAt(line, node) && line.nodeId !== nodeId && !line.flags.includes('handshake'))
        .map((line) => line.nodeId),
    ),
  ];
}

/** Replicas and masters of nothing alone: what owns slots is not to be forgotten. */
function orphansOf(
  observers: readonly ReachableView[],
  reachable: readonly ReachableView[],
): readonly string[] {
  const alive = new Set(reachable.map(({ nodeId }) => nodeId));
  const lines = observers.flatMap(({ nodes }) => nodes);
  const owners = new Set(lines.filter(({ slots }) => slots.length > 0).map(({ nodeId }) => nodeId));
  const ids = lines
    .filter(({ nodeId, flags }) => flags.includes('noaddr') && !alive.has(nodeId) && !owners.has(nodeId))
    .map(({ nodeId }) => nodeId);
  return [...new Set(ids)];
}

/** The only one that was never another node; else the only one whose role the inventory prefers for it. */
function originalOf(twins: readonly Twin[]): Twin | undefined {
  const constant = twins.filter(({ former }) => former.length === 0);
  if (constant.length === 1) return constant[0];
  const role = twins[0]?.view.nodes.find(({ nodeId }) => nodeId === twins[0]?.view.nodeId)?.role;
  const fitting = twins.filter(({ node }) => node.preferredRole === role);
  return fitting.length === 1 ? fitting[0] : undefined;
}
