import { reachableNodes } from './shape.ts';
import { formatRanges } from './slots.ts';
import type { NodeLine, NodeTopology, TopologyView } from './view.ts';

export type Agreement = {
  /**
   * Inventory ids of the nodes that give exactly the same account, largest group first. One group: all agree.
   */
  readonly parties: readonly (readonly string[])[];
  readonly disagreements: readonly Disagreement[];
};

/** One thing about one node on which the nodes differ: who says what. */
export type Disagreement = {
  readonly nodeId: string;
  /** The inventory's id of the node that it is about; undefined when it is not of the inventory. */
  readonly node: string | undefined;
  readonly aspect: Aspect;
  /** What the node says of itself; undefined when it was not asked. */
  readonly own: string | undefined;
  readonly claims: readonly { readonly value: string; readonly by: readonly string[] }[];
};

export type Aspect = 'membership' | 'role' | 'slots' | 'epoch';

/**
 * Compares what all reachable nodes say of membership, roles, slots and config epochs. Handshakes under way
 * are left out: their ids are provisional.
 */
export function agreementOf(view: TopologyView): Agreement {
  const nodes = reachableNodes(view);
  const parties = [...groupBy(nodes, signatureOf).values()]
    .map((group) => group.map(({ node }) => node))
    .toSorted((a, b) => b.length - a.length);
  return { parties, disagreements: parties.length > 1 ? disagreementsOf(nodes) : [] };
}

const signatureOf = (node: NodeTopology): string =>
  settledLines(node)
    .map((line) =>
      [line.nodeId, line.role, line.masterId, line.configEpoch, formatRanges(line.slots)].join(' '),
    )
    .toSorted()
    .join('\n');

const settledLines = (node: NodeTopology): readonly NodeLine[] =>
  node.nodes.filter((line) => !line.flags.includes('handshake'));

function disagreementsOf(nodes: readonly NodeTopology[]): readonly Disagreement[] {
  const names = new Map(nodes.map(({ nodeId, node }) => [nodeId, node]));
  const accounts = nodes.map((node) => ({
    by: node.node,
    lines: new Map(settledLines(node).map((line) => [line.nodeId, line])),
  }));
  const subjects = new Set(accounts.flatMap(({ lines }) => [...lines.keys()]));
  return [...subjects].flatMap((nodeId) =>
    aspects.flatMap(([aspect, valueOf]) => {
      const said = accounts.flatMap(({ by, lines }) => {
        const value = valueOf(lines.get(nodeId), names);
        return value === undefined ? [] : [{ by, value }];
      });
      const claims = [...groupBy(said, ({ value }) => value)].map(([value, group]) => ({
        value,
        by: group.map(({ by }) => by),
      }));
      const node = names.get(nodeId);
      const own = said.find(({ by }) => by === node)?.value;
      return claims.length > 1 ? [{ nodeId, node, aspect, own, claims }] : [];
    }),
  );
}

type ValueOf = (line: NodeLine | undefined, names: ReadonlyMap<string, string>) => string | undefined;

/** What a line says in each aspect, for people; undefined: nothing, as the node is not known there. */
const aspects: readonly (readonly [Aspect, ValueOf])[] = [
  ['membership', (line) => (line ? 'known' : 'unknown')],
  [
    'role',
    (line, names) =>
      line?.masterId === undefined ? line?.role : `replica of ${names.get(line.masterId) ?? line.masterId}`,
  ],
  ['slots', (line) => line && (formatRanges(line.slots) || 'none')],
  ['epoch', (line) => line && String(line.configEpoch)],
];

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}
