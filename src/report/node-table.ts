import type { Finding, Severity } from '../checks/check.ts';
import { lagOf } from '../checks/redundancy/replication.ts';
import { numberOf } from '../checks/text.ts';
import { type Member, type Topology, topologyOf } from '../checks/topology.ts';
import { countSlots, formatRanges } from '../cluster/slots.ts';
import type { ClusterView, NodeView, ReachableView } from '../cluster/view.ts';
import type { Inventory, Node } from '../inventory/inventory.ts';
import type { ReportNode } from './schema.ts';

export type NodeTableInput = {
  readonly inventory: Inventory;
  readonly view: ClusterView;
  readonly topology: Topology;
  readonly findings: readonly Finding[];
};

/** A row for every node of the inventory, each master followed by its replicas, shard by shard. Pure. */
export function nodeTable(input: NodeTableInput): readonly ReportNode[] {
  const rows = input.inventory.nodes.map((node) => rowOf(node, input));
  const last = Number.MAX_SAFE_INTEGER;
  // A stable sort: within a shard replicas keep the inventory's order, and nodes of no shard come last.
  return rows.toSorted(
    (a, b) => (a.shard ?? last) - (b.shard ?? last) || Number(b.slots > 0) - Number(a.slots > 0),
  );
}

/** The same where nothing was checked. */
export const nodesNow = (inventory: Inventory, view: ClusterView): readonly ReportNode[] =>
  nodeTable({ inventory, view, topology: topologyOf({ inventory, view }), findings: [] });

/** The worst severity among findings; null for none. */
export function worstOf(findings: readonly Finding[]): Severity | null {
  const order: readonly Severity[] = ['critical', 'warning', 'info'];
  return order.find((severity) => findings.some((finding) => finding.severity === severity)) ?? null;
}

function rowOf(node: Node, { view, topology, findings }: NodeTableInput): ReportNode {
  const seen = view.nodes.find((candidate) => candidate.node === node.id);
  const live = seen?.reachable ? seen : undefined;
  const member = topology.byNode.get(node.id);
  const shard = topology.shards.find(
    ({ master, replicas }) =>
      master.node.id === node.id || replicas.some((replica) => replica.node.id === node.id),
  );
  return {
    node: node.id,
    host: node.host,
    zone: node.zone ?? null,
    address: `${node.address}:${node.port}`,
    role: roleOf(seen, member),
    shard: shard?.number ?? null,
    master: member?.masterId === undefined ? null : (topology.byId.get(member.masterId)?.node.id ?? null),
    reachable: live !== undefined,
    reason: seen && !seen.reachable ? seen.reason : null,
    worst: worstOf(findings.filter(({ nodes }) => nodes.includes(node.id))),
    slots: countSlots(member?.slots ?? []),
    slotRanges: formatRanges(member?.slots ?? []),
    ...measures(live, topology),
  };
}

function roleOf(seen: NodeView | undefined, member: Member | undefined): ReportNode['role'] {
  if (member) return member.role;
  return seen?.reachable === true && seen.info['cluster_enabled'] === '0' ? 'standalone' : 'unknown';
}

type Measures = Pick<
  ReportNode,
  | 'keys'
  | 'usedMemory'
  | 'maxMemory'
  | 'link'
  | 'lag'
  | 'opsPerSecond'
  | 'hits'
  | 'misses'
  | 'clients'
  | 'uptimeSeconds'
  | 'version'
>;

function measures(live: ReachableView | undefined, topology: Topology): Measures {
  const info = live?.info ?? {};
  const number = (name: string): number | null => numberOf(info, name) ?? null;
  const isReplica = info['role'] === 'slave';
  return {
    keys: live?.keys ?? null,
    usedMemory: number('used_memory'),
    maxMemory: number('maxmemory'),
    link: isReplica ? (info['master_link_status'] === 'up' ? 'up' : 'down') : null,
    lag: live && isReplica ? lagBehindMaster(live, topology) : null,
    opsPerSecond: number('instantaneous_ops_per_sec'),
    hits: number('keyspace_hits'),
    misses: number('keyspace_misses'),
    clients: number('connected_clients'),
    uptimeSeconds: number('uptime_in_seconds'),
    version: info['valkey_version'] ?? info['redis_version'] ?? null,
  };
}

function lagBehindMaster(replica: ReachableView, { byId }: Topology): ReportNode['lag'] {
  const masterId = byId.get(replica.nodeId)?.masterId;
  const master = masterId === undefined ? undefined : byId.get(masterId)?.view;
  return (master && lagOf(master, replica)) ?? null;
}
