import type { HeldSlots } from '../../cluster/copies.ts';
import { slotCount } from '../../cluster/slots.ts';
import { OperationError } from '../../base/errors.ts';
import type { Node } from '../../inventory/inventory.ts';
import { isFailure } from '../../redis/connection.ts';
import type { Session } from '../../session/session.ts';

const allSlots: readonly number[] = Array.from({ length: slotCount }, (_, slot) => slot);

/** The answers to 16,384 short commands; a busy server needs a moment. */
const timeoutMs = 30_000;

/**
 * Asks nodes of which slots they hold keys (CLUSTER COUNTKEYSINSLOT, which costs the server next to nothing).
 * A node that does not say is left out of the map: what it holds is not known.
 */
export async function readHeldSlots(
  session: Session,
  nodes: readonly Node[],
  slots: readonly number[] = allSlots,
): Promise<HeldSlots> {
  const held = await Promise.all(
    nodes.map(async (node) => [node.id, await heldBy(session, node, slots)] as const),
  );
  return new Map(held.flatMap(([id, each]) => (each ? [[id, each] as const] : [])));
}

async function heldBy(
  session: Session,
  node: Node,
  slots: readonly number[],
): Promise<ReadonlySet<number> | undefined> {
  const connection = await session.redis(node);
  if (isFailure(connection)) return undefined;
  try {
    if ((await connection.call(['DBSIZE'])) === 0) return new Set();
    const counts = await connection.pipeline(
      slots.map((slot) => ['CLUSTER', 'COUNTKEYSINSLOT', slot]),
      { timeoutMs },
    );
    if (counts.some((count) => typeof count !== 'number')) return undefined;
    return new Set(slots.filter((_, index) => counts[index] !== 0));
  } catch (error) {
    if (error instanceof OperationError) return undefined;
    throw error;
  }
}
