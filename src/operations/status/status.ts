import { writeRefusal } from '../../checks/redundancy/min-replicas.ts';
import { count, joinNames } from '../../checks/text.ts';
import { type Member, type Topology, topologyOf } from '../../checks/topology.ts';
import { listMissing } from '../../cluster/missing.ts';
import { uncoveredSlots } from '../../cluster/slots.ts';
import type { ClusterView } from '../../cluster/view.ts';
import { HostsFailedError, OperationError } from '../../base/errors.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import { observeCluster } from '../../redis/observe.ts';
import { nodeTable } from '../../report/node-table.ts';
import type { ReportNode } from '../../report/schema.ts';
import type { Session } from '../../session/session.ts';

/**
 * What is up, on one screen. Sizes in bytes; sums count reachable nodes, keys and hits those of masters
 * alone.
 */
export type Status = {
  readonly cluster: string;
  readonly mode: Inventory['mode'];
  /**
   * up: complete, as verify and provision have it. degraded: something is missing. down: slots are not
   * served.
   */
  readonly state: 'up' | 'degraded' | 'down';
  readonly summary: string;
  /** ISO 8601, UTC. */
  readonly checkedAt: string;
  readonly durationMs: number;
  /** Each master followed by its replicas. */
  readonly nodes: readonly ReportNode[];
  readonly totals: Totals;
};

export type Totals = {
  readonly opsPerSecond: number;
  readonly usedMemory: number;
  readonly keys: number;
  readonly clients: number;
  readonly hits: number;
  readonly misses: number;
};

/**
 * One round trip to every node, none to the hosts' facts. Throws HostsFailedError or OperationError when no
 * node at all answers.
 */
export async function readStatus(session: Session): Promise<Status> {
  const start = performance.now();
  const checkedAt = new Date().toISOString();
  const view = await observeCluster(session.inventory.nodes, session.redis);
  requireSight(session, view);
  return {
    ...describeStatus(session.inventory, view),
    checkedAt,
    durationMs: Math.round(performance.now() - start),
  };
}

/** The status as it follows from a view. Pure. */
export function describeStatus(
  inventory: Inventory,
  view: ClusterView,
): Omit<Status, 'checkedAt' | 'durationMs'> {
  const topology = topologyOf({ inventory, view });
  const nodes = nodeTable({ inventory, view, topology, findings: [] });
  const unseen = hostsUnseen(inventory, view);
  const served = topology.shards.flatMap(({ master }) => (serves(master, unseen) ? master.slots : []));
  const unserved = inventory.mode === 'cluster' && uncoveredSlots(served).length > 0;
  const down = nodes.filter(({ reachable }) => !reachable).length;
  const broken = nodes.filter(({ link }) => link === 'down').length;
  const lacks = lacksOf(inventory, view, topology);
  const state = unserved ? 'down' : down + broken + lacks.length > 0 ? 'degraded' : 'up';
  const facts = [
    `${nodes.length - down} of ${count(nodes.length, 'node')} answer${nodes.length - down === 1 ? 's' : ''}`,
    ...(inventory.mode === 'cluster' ? [count(topology.shards.length, 'shard')] : []),
    ...(broken > 0 ? [`${count(broken, 'replication link')} down`] : []),
    ...(unserved ? ['slots without a serving master'] : []),
    ...(lacks.length > 0 ? [joinNames(lacks, mostLacks)] : []),
    ...(unseen.size > 0 ? [`${[...unseen].join(', ')} cannot be reached from here`] : []),
  ];
  return {
    cluster: inventory.cluster,
    mode: inventory.mode,
    state,
    summary: `${inventory.cluster} is ${state}: ${facts.join(', ')}`,
    nodes,
    totals: totalsOf(nodes),
  };
}

const mostLacks = 2;

/**
 * What else keeps the cluster from being complete (`listMissing`), and shards that take no writes. Nodes that
 * do not answer and broken links are counted by themselves.
 */
function lacksOf(inventory: Inventory, view: ClusterView, { shards }: Topology): readonly string[] {
  if (inventory.mode !== 'cluster') return [];
  const refusing = shards.filter(({ master }) => master.view && writeRefusal(master.view));
  return [
    ...refusing.map(({ number }) => `shard ${number} refuses writes`),
    ...listMissing(inventory, view)
      .filter(({ kind }) => kind !== 'answer' && kind !== 'replication')
      .map(({ message }) => message),
  ];
}

/** Hosts that could not be asked: that says nothing about their nodes, which the others may well reach. */
function hostsUnseen(inventory: Inventory, view: ClusterView): ReadonlySet<string> {
  const lost = new Set(
    view.nodes.flatMap((node) =>
      !node.reachable && (node.failure === 'host' || node.failure === 'unverified') ? [node.node] : [],
    ),
  );
  return new Set(inventory.nodes.filter(({ id }) => lost.has(id)).map(({ host }) => host));
}

/**
 * A node that calls the cluster down answers CLUSTERDOWN. A node that does not respond counts as serving only
 * where its host cannot be reached from here and no peer says FAIL of it.
 */
const serves = ({ view, failedBy, node }: Member, unseen: ReadonlySet<string>): boolean =>
  view ? view.clusterInfo['cluster_state'] === 'ok' : unseen.has(node.host) && failedBy.length === 0;

function totalsOf(nodes: readonly ReportNode[]): Totals {
  const sum = (rows: readonly ReportNode[], field: keyof Totals): number =>
    rows.reduce((total, row) => total + (row[field] ?? 0), 0);
  const primary = nodes.filter(({ role }) => role !== 'replica');
  return {
    opsPerSecond: sum(nodes, 'opsPerSecond'),
    usedMemory: sum(nodes, 'usedMemory'),
    keys: sum(primary, 'keys'),
    clients: sum(nodes, 'clients'),
    hits: sum(primary, 'hits'),
    misses: sum(primary, 'misses'),
  };
}

function requireSight({ unreachable }: Session, { nodes }: ClusterView): void {
  if (nodes.some(({ reachable }) => reachable)) return;
  if (unreachable.size > 0) throw new HostsFailedError('connecting', [...unreachable.values()]);
  throw new OperationError('no node answers', {
    hints: [
      ...nodes.flatMap((node) => (node.reachable ? [] : `${node.node}: ${node.reason}`)),
      'weedgo-redis start brings stopped nodes back; provision makes what was never there.',
    ],
  });
}
