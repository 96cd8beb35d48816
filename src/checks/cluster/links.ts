import { numberOf } from '../text.ts';
import type { ReachableView } from '../../cluster/view.ts';
import type { Check, Finding } from '../check.ts';
import type { CheckInput } from '../input.ts';
import type { NodeProbe } from '../probe.ts';
import { byHand, ours } from '../remedy.ts';
import { count, joinNames } from '../text.ts';
import { lineOf, type Topology } from '../topology.ts';

/**
 * The cluster bus between every two nodes that answer us, in both directions. A cut of one direction or one
 * pair stays below the majority that marks a node as failed, so no node's state shows it.
 */
export const links: Check = {
  name: 'bus links',
  section: 'cluster',
  cluster: true,
  run: (input, topology) => {
    const broken = brokenLinks(input, topology);
    const silent = input.inventory.nodes.map(({ id }) => id).filter((id) => isCutOff(id, broken, topology));
    const rest = broken.filter(({ from, to }) => !silent.includes(to) && !silent.includes(from));
    return [
      ...silent.map((id) => cutOff(input, topology, id)),
      ...groupByHosts(input, rest).map((group) => cut(input, group)),
    ];
  },
};

type Broken = { readonly from: string; readonly to: string; readonly what: string };

/** What `from` says against its link to `to`. */
function brokenLinks({ probes }: CheckInput, { reachable, out }: Topology): readonly Broken[] {
  const joined = reachable.filter(({ node }) => !out.has(node));
  return joined.flatMap((from) =>
    joined.flatMap((to) => {
      const what = from === to ? undefined : complaint(from, to, probes[from.node]);
      return what === undefined ? [] : [{ from: from.node, to: to.node, what }];
    }),
  );
}

function complaint(from: ReachableView, to: ReachableView, probe: NodeProbe | undefined): string | undefined {
  const line = lineOf(from, to.nodeId);
  if (!line) return undefined;
  if (line.flags.includes('fail')) return 'is marked FAIL';
  if (line.flags.includes('fail?')) return 'is suspected (PFAIL)';
  if (line.linkState === 'disconnected') return 'is not connected';
  const waiting = pendingMs(from, line.pingSent);
  // Redis itself gives a link up after half of cluster-node-timeout without an answer (clusterCron).
  if (waiting > Number(from.config['cluster-node-timeout'] ?? 15_000) / 2)
    return `has not answered a ping for ${(waiting / 1000).toFixed(1)} s`;
  const outgoing = probe?.links?.find(({ nodeId, direction }) => nodeId === to.nodeId && direction === 'to');
  return probe?.links && outgoing?.established !== true ? 'has no established link' : undefined;
}

/** How long a ping has been unanswered, by the node's own clock; 0 when none is pending. */
function pendingMs(view: ReachableView, pingSent: number): number {
  const clock = numberOf(view.info, 'server_time_usec');
  return pingSent === 0 || clock === undefined ? 0 : clock / 1000 - pingSent;
}

/** Every other node that answers complains of it: the fault is on its side. */
function isCutOff(id: string, broken: readonly Broken[], { reachable, out }: Topology): boolean {
  const others = reachable.filter(({ node }) => node !== id && !out.has(node));
  return (
    others.length > 1 && others.every(({ node }) => broken.some(({ from, to }) => from === node && to === id))
  );
}

function cutOff({ inventory }: CheckInput, topology: Topology, id: string): Finding {
  const failedBy = topology.byNode.get(id)?.failedBy ?? [];
  return {
    ...common,
    id: 'WR-BUS-UNREACHABLE',
    title: `no node reaches ${id} over the cluster bus`,
    nodes: [id],
    hosts: [],
    seen:
      failedBy.length > 0
        ? `${joinNames(failedBy)} have marked it FAIL, although it answers the operator`
        : 'every other node has lost its link to it, although it answers the operator',
    remedy: remedy(inventory),
  };
}

/** One finding for two hosts: what is cut between them concerns all nodes on both. */
function groupByHosts({ inventory }: CheckInput, broken: readonly Broken[]): readonly (readonly Broken[])[] {
  const host = new Map(inventory.nodes.map((node) => [node.id, node.host]));
  const pair = ({ from, to }: Broken): string =>
    [host.get(from) ?? '', host.get(to) ?? ''].toSorted((a, b) => a.localeCompare(b)).join(' ');
  return [...new Set(broken.map(pair))].map((key) => broken.filter((link) => pair(link) === key));
}

function cut({ inventory }: CheckInput, group: readonly Broken[]): Finding {
  const nodes = inventory.nodes
    .map(({ id }) => id)
    .filter((id) => group.some(({ from, to }) => from === id || to === id));
  const hosts = [...new Set(inventory.nodes.filter(({ id }) => nodes.includes(id)).map(({ host }) => host))];
  const shown = group.slice(0, 6).map(({ from, to, what }) => `for ${from}, ${to} ${what}`);
  return {
    ...common,
    id: 'WR-BUS-LINK',
    title: `the cluster bus is cut ${whereCut(inventory, group, nodes.length === 2)}`,
    nodes,
    hosts,
    seen: [...shown, ...(group.length > 6 ? [`and ${count(group.length - 6, 'more link')}`] : [])].join('; '),
    remedy: remedy(inventory),
  };
}

/** `from redis2 to redis1` where nobody complains the other way round; by node or by host. */
function whereCut({ nodes }: CheckInput['inventory'], group: readonly Broken[], byNode: boolean): string {
  const nameOf = (id: string): string => (byNode ? id : (nodes.find((node) => node.id === id)?.host ?? id));
  const ways = group.map(({ from, to }) => [nameOf(from), nameOf(to)] as const);
  const [from = '', to = ''] = ways[0] ?? [];
  const ends = from < to ? [from, to] : [to, from];
  return ways.every(([one]) => one === from) ? `from ${from} to ${to}` : `between ${joinNames(ends)}`;
}

/** `check` tries every bus port from every host and names who cannot reach which. */
function remedy(inventory: CheckInput['inventory']): readonly string[] {
  return [
    ours(inventory, 'check'),
    byHand('let through what it names, in the firewall of either host or of the network between them'),
  ];
}

const common = {
  severity: 'critical',
  expected: 'a connected bus link in both directions between every two nodes',
  why: 'Failures are detected and failovers elected over the bus: with part of it cut both can fail when needed.',
  passing: true,
} as const;
