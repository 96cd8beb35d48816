import { formatBytes } from '../base/bytes.ts';
import { isBeingCopied, replicaLine } from './replica-line.ts';
import { ownLine, reachableNodes } from './shape.ts';
import type { InfoFields, NodeTopology, TopologyView } from './view.ts';

/**
 * What a node (inventory id) is at, as a clause that begins with a verb, and how many bytes of a copy it has.
 */
export type Work = { readonly node: string; readonly doing: string; readonly bytes: number };

/**
 * The nodes that load their data or are being copied to: a command that waits for them keeps waiting. Both
 * may take hours, and neither stands still: a copy without a sign of life ends after `repl-timeout`
 * (replicationCron), and then neither side calls it one any more. Both may begin again and again, though
 * (`WorkWatch`).
 */
export function catchingUp(view: TopologyView): readonly Work[] {
  const all = reachableNodes(view);
  return [
    ...view.nodes.flatMap((node) =>
      !node.reachable && node.failure === 'loading'
        ? [{ node: node.node, doing: 'loads its data', bytes: 0 }]
        : [],
    ),
    ...all.flatMap((replica) => {
      const doing = describeCopy(replica, all);
      const bytes = Number(replica.info['master_sync_read_bytes'] ?? 0);
      return doing === undefined ? [] : [{ node: replica.node, doing, bytes }];
    }),
  ];
}

/**
 * A replica knows of a copy when its master has begun it; of the wait for another fork to end only the master
 * knows.
 */
function describeCopy(replica: NodeTopology, all: readonly NodeTopology[]): string | undefined {
  const { info } = replica;
  if (info['master_sync_in_progress'] === '1') return `is being copied to${amountOf(info)}`;
  if (info['master_link_status'] !== 'down') return undefined;
  const master = all.find(({ nodeId }) => nodeId === ownLine(replica)?.masterId);
  return master && isBeingCopied(replicaLine(master, replica))
    ? 'waits until its master can fork for its copy'
    : undefined;
}

/** How much a telling of progress moves on at least. */
const stepBytes = 64 * 1024 * 1024;

/** A master that sends without a file does not know how much it will be: the total is 0 or -1 then. */
function amountOf(info: InfoFields): string {
  const read = Number(info['master_sync_read_bytes'] ?? 0);
  const total = Number(info['master_sync_total_bytes'] ?? 0);
  if (total > 0) return `: ${Math.floor((read / total) * 100)} %`;
  return read < stepBytes ? '' : `: ${formatBytes(read - (read % stepBytes))} so far`;
}
