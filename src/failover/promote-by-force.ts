import { setTimeout as sleep } from 'node:timers/promises';
import type { Swap } from '../cluster/failover/agreed.ts';
import type { Situation } from '../cluster/failover/situation.ts';
import { OperationError } from '../base/errors.ts';
import { parseClusterNodes } from '../cluster/parse.ts';
import { messageOf } from '../base/message-of.ts';
import { applyClusterStep } from '../redis/apply.ts';
import { isFailure, ReplyError } from '../redis/connection.ts';
import type { RedisConnection } from '../redis/connection.ts';
import { throwIfInterrupted } from '../base/wait.ts';
import type { Session } from '../session/session.ts';
import { answering } from './look.ts';
import { isMaster } from './is-master.ts';
import { notPromoted, redirectionMs } from './promotion.ts';
import type { Promotion, PromoteRequest } from './promotion.ts';
import { readLink } from './rest.ts';
import { untilAgreed } from './until-agreed.ts';
import { aliveAgain } from './vigil.ts';

/** An election of a forced failover is decided in ms; unanswered for this long it is asked for again. */
const electionMs = 2_000;

type ForceRequest = PromoteRequest & {
  readonly mode: 'force' | 'takeover';
  readonly connection: RedisConnection;
};

/**
 * Asks again while masters refuse their votes after an earlier election, for at most 4 × node timeout. Before
 * every attempt the old master's death is proven again; while one is pending the master is watched. When it
 * shows a sign of life, the operator interrupts or the lock is lost, the pending request is withdrawn: Redis
 * would act on it for up to 5 s. Throws OperationError when the replica did not take over.
 */
export async function promoteByForce(
  session: Session,
  situation: Situation,
  request: ForceRequest,
): Promise<Promotion> {
  const { connection, vigil, ...swap } = request;
  const { nodeTimeoutMs } = await readLink(session, swap.replica);
  const start = performance.now();
  const deadline = start + 4 * nodeTimeoutMs + electionMs;
  let acceptedAt: number | undefined;
  for (;;) {
    let isElected: boolean;
    try {
      throwIfInterrupted(session.signal);
      await vigil?.demandDead();
      await send(swap, connection);
      acceptedAt = performance.now();
      isElected = await isElectedUnderWatch(session, request);
      if (!isElected && performance.now() > deadline)
        throw notPromoted(swap, Math.round((performance.now() - start) / 1000));
    } catch (error) {
      if (acceptedAt === undefined) throw error;
      // Elected in the last moment, before a master that has just started takes writes: that is what was
      // wanted.
      await withdraw(session, swap, error);
      isElected = true;
    }
    if (!isElected) continue;
    await confirmClaim(session, situation, request);
    const promotedMs = Math.round(performance.now() - acceptedAt);
    if (!swap.masterGone) await sleep(redirectionMs);
    const agreement = await untilAgreed(session, situation, swap);
    const agreedMs = Math.round(performance.now() - acceptedAt);
    if (agreement !== 'turned-back')
      return { acceptedAt, promotedMs, agreedMs, hasEnded: agreement === 'ended' };
    if (performance.now() > deadline) throw notPromoted(swap, Math.round((performance.now() - start) / 1000));
    await sleep(electionMs / 2);
  }
}

/**
 * A replica that was elected less than 2 × node timeout ago still has those votes (redis#8753). It claims the
 * slots at once under the old epoch; no other node follows, and with its master gone none turns it back
 * either, as it knows the newer epoch already (CLUSTERMSG_TYPE_UPDATE in cluster.c, 7.0.15). Its epoch is
 * raised then, as TAKEOVER does, once the master's death is proven again.
 */
async function confirmClaim(
  session: Session,
  situation: Situation,
  { connection, vigil, shard, replica }: ForceRequest,
): Promise<void> {
  const claimed = parseClusterNodes(String(await connection.call(['CLUSTER', 'NODES']))).find(
    ({ nodeId }) => nodeId === replica.nodeId,
  );
  if (!vigil || claimed?.role !== 'master' || claimed.configEpoch > shard.master.configEpoch) return;
  await vigil.demandDead();
  throwIfInterrupted(session.signal);
  await connection.call(['CLUSTER', 'BUMPEPOCH']);
  // A ping carries the claim on; MEET is one that is sent at once.
  const witnesses = session.inventory.nodes.filter(({ id }) => answering(situation).has(id));
  await connection.pipeline(
    witnesses
      .filter(({ id }) => id !== replica.node.id)
      .map(({ address, port, busPort }) => ['CLUSTER', 'MEET', address, port, busPort]),
  );
}

/**
 * Where its master is gone the cluster may have elected it by itself in this moment: that is what was wanted.
 */
async function send(
  { replica, mode }: Swap & { readonly mode: 'force' | 'takeover' },
  connection: RedisConnection,
): Promise<void> {
  try {
    await applyClusterStep({ kind: 'failover', node: replica.node.id, mode }, connection);
  } catch (error) {
    if (!(error instanceof ReplyError) || !(await isMaster(connection))) throw error;
  }
}

/**
 * False: not elected in `electionMs`. Throws OperationError at a sign of life, and as `throwIfInterrupted`.
 */
async function isElectedUnderWatch(
  session: Session,
  { connection, vigil, shard }: ForceRequest,
): Promise<boolean> {
  const decided = new AbortController();
  const watching = { sign: undefined as string | undefined };
  // A watch that fails has seen nothing; the next attempt needs a proof of its own.
  void vigil?.watch(decided.signal).then(
    (sign) => (watching.sign = sign),
    () => undefined,
  );
  const end = performance.now() + electionMs;
  try {
    while (performance.now() < end) {
      if (await isMaster(connection)) return true;
      throwIfInterrupted(session.signal);
      if (watching.sign !== undefined)
        throw aliveAgain(shard.master.node.id, `is alive again: ${watching.sign}`);
      await sleep(4);
    }
    return false;
  } finally {
    decided.abort();
  }
}

/**
 * Ends a manual failover that is pending: REPLICATE resets it (resetManualFailover in clusterSetMaster), also
 * where it names the present master. Throws the error that it was given up for; resolves when the replica had
 * become master.
 */
async function withdraw(session: Session, { shard, replica }: Swap, error: unknown): Promise<void> {
  const [node, master] = [replica.node.id, shard.master.node.id];
  const step = { kind: 'replicate', node, master, masterNodeId: shard.master.nodeId } as const;
  // Also without the lock: this takes back what was asked for under it.
  const connection = await (session.rescue ?? session).redis(replica.node);
  if (isFailure(connection)) throw notWithdrawn(node, error);
  try {
    await applyClusterStep(step, connection);
  } catch (refusal) {
    if (refusal instanceof ReplyError && (await isMaster(connection))) return;
    throw notWithdrawn(node, error);
  }
  throw error;
}

function notWithdrawn(node: string, error: unknown): OperationError {
  const why = messageOf(error);
  return new OperationError(`${why}; ${node} may still take over within 5 s: it does not respond any more`, {
    node,
    cause: error,
    hints: ['Run weedgo-redis status in some seconds: it shows which of them is master.'],
  });
}
