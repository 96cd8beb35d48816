import { OperationError, WeedgoError } from '../base/errors.ts';
import type { Node } from '../inventory/inventory.ts';
import { findNode } from '../inventory/topology.ts';
import { isFailure, type RedisConnection } from '../redis/connection.ts';
import { noFailover } from '../cluster/step.ts';
import { allowElection, barElection, isBarred } from '../redis/electable.ts';
import type { Session } from '../session/session.ts';
import { awaitInSync } from './await-sync.ts';
import type { LookOptions } from './look.ts';

/**
 * Waits until replicas that have no whole copy of their masters yet are in sync, as `awaitInSync`; until then
 * they may not be elected: they would serve the keys of a former master, or none. On drained hosts they stay
 * so. Throws OperationError, saying what is left to do, when the copy does not finish.
 */
export async function awaitFirstCopy(
  session: Session,
  ids: readonly string[],
  look: LookOptions,
): Promise<void> {
  const nodes = ids.flatMap((id) => findNode(session.inventory, id) ?? []);
  const barred: Node[] = [];
  for (const node of nodes) if (await barElection(await demandConnection(session, node))) barred.push(node);
  await awaitCopies(session, barred, { ids, look });
}

/** The second half of `awaitFirstCopy`, for nodes that may not be elected already. */
export async function awaitCopies(
  session: Session,
  barred: readonly Node[],
  { ids, look }: { readonly ids: readonly string[]; readonly look: LookOptions },
): Promise<void> {
  try {
    await awaitInSync(session, ids, look);
    for (const node of barred) {
      if (look.drained?.includes(node.host) === true) continue;
      await allowElection(await demandConnection(session, node));
    }
  } catch (error) {
    throw unfinished(barred, error);
  }
}

/**
 * As `awaitInSync`, for nodes that an earlier run of the same command started: where it was interrupted in
 * the middle of a copy, they may not be elected yet, and nothing else would ever allow it. Throws as
 * `awaitFirstCopy`.
 */
export async function resumeCopies(
  session: Session,
  ids: readonly string[],
  look: LookOptions,
): Promise<void> {
  const isOwnWish = session.inventory.config[noFailover] === 'yes';
  const nodes = isOwnWish ? [] : ids.flatMap((id) => findNode(session.inventory, id) ?? []);
  const barred: Node[] = [];
  for (const node of nodes) if (await isBarred(await demandConnection(session, node))) barred.push(node);
  await awaitCopies(session, barred, { ids, look });
}

/** Throws OperationError when it does not respond. */
export async function demandConnection(session: Session, node: Node): Promise<RedisConnection> {
  const connection = await session.redis(node);
  if (isFailure(connection)) throw new OperationError(connection.reason, { node: node.id });
  return connection;
}

/** After Ctrl-C too: Redis continues the copy, and nothing waits for it any more. */
function unfinished([node, ...others]: readonly Node[], error: unknown): unknown {
  if (!(error instanceof WeedgoError) || !node) return error;
  const names = [node, ...others].map(({ id }) => id).join(', ');
  return new OperationError(`${names}: not seen in sync with the new master: ${error.message}`, {
    node: node.id,
    hints: [
      ...error.hints,
      'Until then it may not take over. Run weedgo-redis provision: it waits for the copy, and lets the node take over.',
    ],
    cause: error,
  });
}
