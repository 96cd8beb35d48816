import { setTimeout as sleep } from 'node:timers/promises';
import type { Swap } from '../cluster/failover/agreed.ts';
import type { Situation } from '../cluster/failover/situation.ts';
import type { Member } from '../cluster/shape.ts';
import { OperationError } from '../base/errors.ts';
import { applyClusterStep } from '../redis/apply.ts';
import { isFailure } from '../redis/connection.ts';
import type { RedisConnection } from '../redis/connection.ts';
import { throwIfInterrupted } from '../base/wait.ts';
import type { Session } from '../session/session.ts';
import { isMaster } from './is-master.ts';
import { promoteByForce } from './promote-by-force.ts';
import { notPromoted, redirectionMs } from './promotion.ts';
import type { Promotion, PromoteRequest } from './promotion.ts';
import { untilAgreed } from './until-agreed.ts';

/** Redis itself gives a manual failover 5 s (CLUSTER_MF_TIMEOUT), after which nothing has changed. */
const gracefulDeadlineMs = 8_000;
/**
 * Sends the failover and waits until the replica is master and every node that answered before agrees. Throws
 * OperationError when it does not happen; the old master is master then. An interruption, or the loss of the
 * lock, ends it before anything is sent; what was sent is waited for.
 */
export async function promote(
  session: Session,
  situation: Situation,
  request: PromoteRequest,
): Promise<Promotion> {
  const connection = await connectionTo(session, request.replica);
  const { mode } = request;
  return mode === 'graceful'
    ? promoteGracefully(session, situation, { ...request, connection })
    : promoteByForce(session, situation, { ...request, mode, connection });
}

async function promoteGracefully(
  session: Session,
  situation: Situation,
  { connection, ...swap }: PromoteRequest & { readonly connection: RedisConnection },
): Promise<Promotion> {
  throwIfInterrupted(session.signal);
  await applyClusterStep({ kind: 'failover', node: swap.replica.node.id, mode: 'graceful' }, connection);
  const acceptedAt = performance.now();
  const since = (): number => Math.round(performance.now() - acceptedAt);
  while (!(await isMaster(connection))) {
    if (since() > gracefulDeadlineMs) throw notPromoted(swap, Math.round(since() / 1000));
    await sleep(4);
  }
  const promotedMs = since();
  if (!swap.masterGone) await sleep(redirectionMs);
  const agreement = await untilAgreed(session, situation, swap);
  if (agreement === 'turned-back') throw turnedBack(swap);
  return { acceptedAt, promotedMs, agreedMs: since(), hasEnded: agreement === 'ended' };
}

async function connectionTo(session: Session, { node }: Member): Promise<RedisConnection> {
  const connection = await session.redis(node);
  if (!isFailure(connection)) return connection;
  throw new OperationError(`${node.id} does not respond any more: ${connection.reason}`, { node: node.id });
}

function turnedBack({ shard, replica }: Swap): OperationError {
  const { id } = replica.node;
  return new OperationError(`${id} took over and was turned back by the others: it claimed with old votes`, {
    node: id,
    hints: [
      `${shard.master.node.id} is master as before; writes that ${id} accepted for some ms are lost.`,
      'Redis does this when a replica is promoted twice within 4 × cluster-node-timeout (redis#8753).',
      'Wait a minute and run the same command again.',
    ],
  });
}
