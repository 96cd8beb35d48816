import type { NodeProbe } from '../checks/probe.ts';
import { OperationError } from '../base/errors.ts';
import type { Node } from '../inventory/inventory.ts';
import { isFailure, ReplyError } from '../redis/connection.ts';
import type { Session } from '../session/session.ts';

const timeoutMs = 1500;

/**
 * A script that touches nothing: the server holds it back while writes are paused, since it could write. It
 * has a connection of its own, on which nobody waits behind it.
 */
export async function probeWrites(session: Session, node: Node): Promise<NodeProbe['writes']> {
  const connection = await session.connect(node);
  if (isFailure(connection)) return 'unknown';
  try {
    await connection.call(['EVAL', 'return 1', 0], { timeoutMs });
    return 'taken';
  } catch (error) {
    if (error instanceof ReplyError) return 'unknown';
    if (!(error instanceof OperationError)) throw error;
  } finally {
    connection.close();
  }
  return (await isAnswering(session, node)) ? 'paused' : 'unknown';
}

/** The server is there and answers what cannot write. */
async function isAnswering(session: Session, node: Node): Promise<boolean> {
  const connection = await session.connect(node);
  if (isFailure(connection)) return false;
  try {
    await connection.call(['PING'], { timeoutMs });
    return true;
  } catch (error) {
    if (error instanceof OperationError) return false;
    throw error;
  } finally {
    connection.close();
  }
}
