import { OperationError, WeedgoError } from '../../errors.ts';
import { isFailure, type RedisConnection } from '../../redis/connection.ts';
import type { Node } from '../../inventory/inventory.ts';
import { awaitInSync } from '../failover/await-sync.ts';
import type { Session } from '../session.ts';

const directive = 'cluster-replica-no-failover';

/**
 * Makes a node the replica of a master and waits until it is in sync. Until then it may not be elected: it would
 * serve the keys of its former master, or none. Throws OperationError, saying what is left to do, when the copy does
 * not finish.
 */
export async function replicate(session: Session, node: Node, masterId: string): Promise<void> {
  const connection = await demandConnection(session, node);
  const before = await noFailoverOf(connection);
  if (before !== 'yes') await connection.call(['CONFIG', 'SET', directive, 'yes']);
  try {
    await connection.call(['CLUSTER', 'REPLICATE', masterId]);
  } catch (error) {
    // Nothing is being copied: it is what it was.
    if (before !== 'yes') await connection.call(['CONFIG', 'SET', directive, before]).catch(() => undefined);
    throw error;
  }
  if (before === 'yes') return;
  try {
    await awaitInSync(session, [node.id], {});
    const now = await demandConnection(session, node);
    await now.call(['CONFIG', 'SET', directive, before]);
  } catch (error) {
    throw unfinished(node, error);
  }
}

async function noFailoverOf({ call }: RedisConnection): Promise<string> {
  const reply = await call(['CONFIG', 'GET', directive]);
  return Array.isArray(reply) && reply[1] === 'yes' ? 'yes' : 'no';
}

async function demandConnection(session: Session, node: Node): Promise<RedisConnection> {
  const connection = await session.redis(node);
  if (isFailure(connection)) throw new OperationError(connection.reason, { node: node.id });
  return connection;
}

/** Ctrl-C as well: the copy goes on without anybody who watches it. */
function unfinished(node: Node, error: unknown): unknown {
  if (!(error instanceof WeedgoError)) return error;
  return new OperationError(`${node.id} was not seen in sync with its new master: ${error.message}`, {
    node: node.id,
    hints: [
      ...error.hints,
      `Until then it may not take over. When it is in sync: weedgo-redis call ${node.id} CONFIG SET ${directive} no`,
    ],
    cause: error,
  });
}
