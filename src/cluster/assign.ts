import type { Inventory, Node } from '../inventory/inventory.ts';

/** A shard that may take more replicas. */
export type Opening<S> = { readonly shard: S; readonly master: Node; readonly room: number };

/**
 * Which of the spare nodes becomes a replica of which shard: as many as there is room for, none on its
 * master's host or in its zone where that can be avoided, and each in the shard that the inventory has it in
 * where that is free. The inventory's numbers alone would not do: they shift when hosts are added or taken
 * out, and roles move at every failover.
 */
export function assignReplicas<S>(
  { antiAffinity }: Inventory,
  spare: readonly Node[],
  openings: readonly Opening<S>[],
): ReadonlyMap<Node, S> {
  const taken = new Map<Node, Opening<S>>();
  const isFull = (opening: Opening<S>): boolean =>
    [...taken.values()].filter((each) => each === opening).length >= opening.room;
  // The first rounds place nodes where they are apart from the master; a later one never undoes that for
  // another.
  for (const round of antiAffinity === 'none' ? [distances.length] : distances.keys()) {
    const allowed = (node: Node, { master }: Opening<S>): boolean =>
      distances.slice(0, round + 1).some((isApart) => isApart(node, master)) || antiAffinity === 'none';
    for (const node of spare) {
      if (!taken.has(node)) place(node, { taken, openings, allowed, isFull, tried: new Set<Opening<S>>() });
    }
  }
  return new Map([...taken].map(([node, { shard }]) => [node, shard]));
}

/** From the best place for a replica to the worst. */
const distances: readonly ((node: Node, master: Node) => boolean)[] = [
  (node, master) => node.host !== master.host && (node.zone === undefined || node.zone !== master.zone),
  (node, master) => node.host !== master.host,
  () => true,
];

type Search<S> = {
  readonly taken: Map<Node, Opening<S>>;
  readonly openings: readonly Opening<S>[];
  readonly allowed: (node: Node, opening: Opening<S>) => boolean;
  readonly isFull: (opening: Opening<S>) => boolean;
  readonly tried: Set<Opening<S>>;
};

/**
 * An augmenting path of a bipartite matching: a node that is in the way moves on, when it can go elsewhere.
 */
function place<S>(node: Node, search: Search<S>): boolean {
  const { taken, openings, allowed, isFull, tried } = search;
  const own = (opening: Opening<S>): number => Number(opening.master.shard !== node.shard);
  for (const opening of openings.toSorted((a, b) => own(a) - own(b))) {
    if (opening.room <= 0 || tried.has(opening) || !allowed(node, opening)) continue;
    tried.add(opening);
    const others = [...taken].flatMap(([other, at]) => (at === opening ? [other] : []));
    if (!isFull(opening) || others.some((other) => place(other, search))) {
      taken.set(node, opening);
      return true;
    }
  }
  return false;
}
