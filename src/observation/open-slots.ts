import type { NodeProbe } from '../checks/probe.ts';
import { ownLine, reachableNodes } from '../cluster/shape.ts';
import type { ClusterView, ReachableView } from '../cluster/view.ts';
import { OperationError } from '../base/errors.ts';
import { findNode } from '../inventory/topology.ts';
import { isFailure, ReplyError } from '../redis/connection.ts';
import type { Session } from '../session/session.ts';

type Counts = Readonly<Record<string, NodeProbe['openSlotKeys']>>;

/**
 * Keys of every slot that any node has open, on every node: after a failover in the middle of a move they may
 * lie on a node that has no flag for the slot. By node id; nothing is asked where no slot is open.
 */
export async function countOpenSlotKeys(session: Session, view: ClusterView): Promise<Counts> {
  const nodes = reachableNodes(view);
  const open = nodes.flatMap((node) => (ownLine(node)?.openSlots ?? []).map(({ slot }) => slot));
  const slots = [...new Set(open)];
  if (slots.length === 0) return {};
  const counts = await Promise.all(
    nodes.map(async (node) => [node.node, await countKeys(session, node, slots)] as const),
  );
  return Object.fromEntries(counts);
}

async function countKeys(
  session: Session,
  view: ReachableView,
  slots: readonly number[],
): Promise<NodeProbe['openSlotKeys']> {
  const node = findNode(session.inventory, view.node);
  const connection = node && (await session.redis(node));
  if (!connection || isFailure(connection)) return {};
  try {
    const replies = await connection.pipeline(slots.map((slot) => ['CLUSTER', 'COUNTKEYSINSLOT', slot]));
    return Object.fromEntries(
      slots.flatMap((slot, index) => {
        const reply = replies[index];
        return reply instanceof ReplyError || !isTold(view, slot) ? [] : [[slot, Number(reply)]];
      }),
    );
  } catch (error) {
    if (error instanceof OperationError) return {};
    throw error;
  }
}

/**
 * Since Redis 8.4 a node answers 0 for keys of a slot that it neither owns nor imports (seen on 8.6.3),
 * although it has them: only one that holds no key at all is known to hold none of the slot.
 */
function isTold(view: ReachableView, slot: number): boolean {
  if (!hidesKeys(view) || view.keys === 0) return true;
  const own = ownLine(view);
  const isOwner = (own?.slots ?? []).some(([first, last]) => first <= slot && slot <= last);
  return isOwner || (own?.openSlots ?? []).some((open) => open.slot === slot && open.state === 'importing');
}

function hidesKeys({ info }: ReachableView): boolean {
  const version = info['valkey_version'] ?? info['redis_version'] ?? '';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return info['valkey_version'] === undefined ? major > 8 || (major === 8 && minor >= 4) : major >= 9;
}
