import type { Inventory } from '../inventory/inventory.ts';
import type { NodeLine, NodeTopology } from './view.ts';

/**
 * The nodes that answer, grouped by the nodes that they reach over the cluster bus: inventory node ids, the
 * group with the most masters that own slots first. One group: every node reaches every other, directly or
 * through others. A node that knows no other, and is known to none, is in no group.
 */
export function sidesOf(nodes: readonly NodeTopology[]): readonly Side[] {
  const joined = nodes.filter((node) => nodes.some((other) => other !== node && knows(other, node)));
  const groups: (typeof joined)[] = [];
  for (const node of joined) {
    const touching = groups.filter((group) => group.some((other) => isLinked(node, other)));
    const rest = groups.filter((group) => !touching.includes(group));
    groups.splice(0, groups.length, ...rest, [...touching.flat(), node]);
  }
  return groups
    .map((group) => nodes.filter((node) => group.includes(node)))
    .toSorted((a, b) => votes(b) - votes(a) || b.length - a.length)
    .map((group) => group.map(({ node }) => node));
}

/** Inventory node ids, in the order of the view. */
export type Side = readonly string[];

/**
 * The hosts of each side, where sides consist of whole hosts: the network between them is cut. Empty where
 * all nodes reach each other, or where some nodes of a host are reached and others are not, which is not the
 * network's fault.
 */
export function partitionOf({ nodes }: Inventory, sides: readonly Side[]): readonly (readonly string[])[] {
  if (sides.length < 2) return [];
  const hosts = sides.map((side) => [
    ...new Set(nodes.filter(({ id }) => side.includes(id)).map(({ host }) => host)),
  ]);
  return new Set(hosts.flat()).size === hosts.flat().length ? hosts : [];
}

/** `r1 is cut off from r2 and r3`: the smaller side is the subject. */
export function describePartition(hosts: readonly (readonly string[])[]): string {
  const [first = [], second = []] = hosts;
  if (hosts.length > 2) return `${hosts.map(listed).join(', ')} are cut off from each other`;
  return `${listed(second)} ${second.length === 1 ? 'is' : 'are'} cut off from ${listed(first)}`;
}

const listed = (names: readonly string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;

const lineAbout = (observer: NodeTopology, { nodeId }: NodeTopology): NodeLine | undefined =>
  observer.nodes.find((line) => line.nodeId === nodeId && !line.flags.includes('handshake'));

const knows = (observer: NodeTopology, other: NodeTopology): boolean =>
  lineAbout(observer, other) !== undefined || lineAbout(other, observer) !== undefined;

/** In one direction at least: a link that only one of the two has lost is no wall between them. */
const isLinked = (one: NodeTopology, other: NodeTopology): boolean =>
  [lineAbout(one, other), lineAbout(other, one)].some(
    (line) =>
      line?.linkState === 'connected' && !line.flags.includes('fail') && !line.flags.includes('fail?'),
  );

/** Masters that own slots by their own word. */
const votes = (group: readonly NodeTopology[]): number =>
  group.filter(({ nodeId, nodes }) =>
    nodes.some((line) => line.nodeId === nodeId && line.role === 'master' && line.slots.length > 0),
  ).length;
