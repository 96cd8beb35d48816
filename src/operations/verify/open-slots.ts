import type { NodeProbe } from '../../checks/probe.ts';
import type { ClusterView } from '../../cluster/view.ts';
import { OperationError } from '../../errors.ts';
import { findNode } from '../../inventory/topology.ts';
import { isFailure } from '../../redis/connection.ts';
import type { Session } from '../session.ts';

type Counts = Readonly<Record<string, NodeProbe['openSlotKeys']>>;

/** Keys in each slot that a node has open, by node id; asks only nodes that have any. */
export async function countOpenSlotKeys(session: Session, view: ClusterView): Promise<Counts> {
  const open = view.nodes.flatMap((node) => {
    const own = node.reachable ? node.nodes.find(({ nodeId }) => nodeId === node.nodeId) : undefined;
    const slots = (own?.openSlots ?? []).map(({ slot }) => slot);
    return slots.length > 0 ? [{ id: node.node, slots }] : [];
  });
  const counts = await Promise.all(
    open.map(async ({ id, slots }) => [id, await countKeys(session, id, slots)] as const),
  );
  return Object.fromEntries(counts);
}

async function countKeys(
  session: Session,
  id: string,
  slots: readonly number[],
): Promise<NodeProbe['openSlotKeys']> {
  const node = findNode(session.inventory, id);
  const connection = node && (await session.redis(node));
  if (!connection || isFailure(connection)) return {};
  try {
    const replies = await connection.pipeline(slots.map((slot) => ['CLUSTER', 'COUNTKEYSINSLOT', slot]));
    return Object.fromEntries(slots.map((slot, index) => [slot, Number(replies[index])]));
  } catch (error) {
    if (error instanceof OperationError) return {};
    throw error;
  }
}
