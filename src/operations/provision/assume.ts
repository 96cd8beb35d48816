import type { ClusterView, ReachableView } from '../../cluster/view.ts';
import type { Inventory } from '../../inventory/inventory.ts';

/**
 * The view with nodes that nothing listens on replaced by running, empty ones, as they will be after the hosts' steps:
 * so the same planner serves a dry run of bare hosts. `assumed` names them.
 */
export function assumeRunning(
  inventory: Inventory,
  view: ClusterView,
): { readonly view: ClusterView; readonly assumed: readonly string[] } {
  const assumed = view.nodes
    .filter((node) => !node.reachable && node.failure === 'refused')
    .map(({ node }) => node);
  return {
    assumed,
    view: {
      nodes: view.nodes.map((node) => (assumed.includes(node.node) ? emptyNode(inventory, node.node) : node)),
    },
  };
}

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
