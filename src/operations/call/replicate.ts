import type { Node } from '../../inventory/inventory.ts';
import { allowElection, barElection } from '../../redis/electable.ts';
import { awaitCopies, demandConnection } from '../../failover/first-copy.ts';
import type { Session } from '../../session/session.ts';

/**
 * Makes a node the replica of a master and waits until it is in sync. Until then it may not be elected.
 * Throws OperationError, saying what is left to do, when the copy does not finish.
 */
export async function replicate(session: Session, node: Node, masterId: string): Promise<void> {
  const connection = await demandConnection(session, node);
  const wasElectable = await barElection(connection);
  try {
    await connection.call(['CLUSTER', 'REPLICATE', masterId]);
  } catch (error) {
    // Nothing is being copied: it is what it was.
    if (wasElectable) await allowElection(connection).catch(() => undefined);
    throw error;
  }
  if (wasElectable) await awaitCopies(session, [node], { ids: [node.id], look: {} });
}
