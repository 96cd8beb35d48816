import { reachableNodes } from './shape.ts';
import type { TopologyView } from './view.ts';

/**
 * Inventory ids of the nodes that load their data or are being copied to: whoever waits for them has to go on waiting.
 * Both may take hours, and neither stands still for ever: a copy without a sign of life ends after `repl-timeout`
 * (replicationCron), and INFO then says that it is not in progress any more.
 */
export function catchingUp(view: TopologyView): readonly string[] {
  const loading = view.nodes.filter((node) => !node.reachable && node.failure === 'loading');
  const copied = reachableNodes(view).filter(({ info }) => info['master_sync_in_progress'] === '1');
  return [...loading, ...copied].map(({ node }) => node);
}
