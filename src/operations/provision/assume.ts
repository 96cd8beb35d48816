import type { ClusterView, ReachableView } from '../../cluster/view.ts';
import type { PlanInput } from '../../host/planning/input.ts';
import { isData } from '../../host/requirements/ownership.ts';
import type { Inventory } from '../../inventory/inventory.ts';

export type Assumption = {
  readonly view: ClusterView;
  /** Nodes that do not run and have never held anything. */
  readonly assumed: readonly string[];
  /** Nodes that do not run and have data: what they know and hold is seen once they do. */
  readonly unseen: readonly string[];
};

/**
 * The view with nodes that do not run yet and have no data replaced by running, empty ones, as they will be
 * after the hosts' steps: so the same planner serves a dry run of bare hosts.
 */
export function assumeRunning(
  inventory: Inventory,
  { view, hosts }: { readonly view: ClusterView; readonly hosts: readonly PlanInput[] },
): Assumption {
  const silent = view.nodes
    .filter((node) => !node.reachable && node.failure === 'refused')
    .map(({ node }) => node);
  const held = new Set(hosts.flatMap(nodesWithData));
  const assumed = silent.filter((node) => !held.has(node));
  return {
    assumed,
    unseen: silent.filter((node) => held.has(node)),
    view: {
      nodes: view.nodes.map((node) => (assumed.includes(node.node) ? emptyNode(inventory, node.node) : node)),
    },
  };
}

const nodesWithData = ({ desired, facts }: PlanInput): readonly string[] =>
  desired.layout.nodes
    .filter(
      ({ node, dataDirectory }) =>
        facts.directories[dataDirectory]?.entries.some(isData) === true ||
        facts.data[node.id]?.leftBehind !== undefined,
    )
    .map(({ node }) => node.id);

function emptyNode(inventory: Inventory, id: string): ReachableView {
  const index = inventory.nodes.findIndex((node) => node.id === id);
  const node = inventory.nodes[index];
  // Node ids are 40 hex digits; this one is nobody's.
  const nodeId = `f${String(index).padStart(39, '0')}`;
  const standalone = inventory.mode === 'standalone';
  return {
    reachable: true,
    node: id,
    nodeId: standalone ? '' : nodeId,
    nodes: standalone
      ? []
      : [
          {
            nodeId,
            ip: node?.address ?? '',
            port: node?.port ?? 0,
            busPort: node?.busPort ?? 0,
            hostname: undefined,
            flags: ['myself', 'master'],
            role: 'master',
            masterId: undefined,
            pingSent: 0,
            pongReceived: 0,
            configEpoch: 0,
            linkState: 'connected',
            slots: [],
            openSlots: [],
          },
        ],
    clusterInfo: { cluster_state: 'fail', cluster_slots_assigned: '0', cluster_current_epoch: '0' },
    info: { cluster_enabled: standalone ? '0' : '1' },
    keys: 0,
    config: {},
  };
}
