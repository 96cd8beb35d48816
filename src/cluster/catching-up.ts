import { isBeingCopied, replicaLine } from './replica-line.ts';
import { ownLine, reachableNodes } from './shape.ts';
import type { NodeTopology, TopologyView } from './view.ts';

/**
 * Inventory ids of the nodes that load their data or are being copied to: whoever waits for them has to go on waiting.
 * Both may take hours, and neither stands still for ever: a copy without a sign of life ends after `repl-timeout`
 * (replicationCron), and then neither side calls it one any more.
 */
export function catchingUp(view: TopologyView): readonly string[] {
  const loading = view.nodes.filter((node) => !node.reachable && node.failure === 'loading');
  const all = reachableNodes(view);
  return [...loading, ...all.filter((replica) => isCopiedTo(replica, all))].map(({ node }) => node);
}

/** A replica knows of a copy when its master has begun it; of the wait for another fork to end only the master knows. */
function isCopiedTo(replica: NodeTopology, all: readonly NodeTopology[]): boolean {
  const { info } = replica;
  if (info['master_sync_in_progress'] === '1') return true;
  if (info['master_link_status'] !== 'down') return false;
  const master = all.find(({ nodeId }) => nodeId === ownLine(replica)?.masterId);
  return master !== undefined && isBeingCopied(replicaLine(master, replica));
}
