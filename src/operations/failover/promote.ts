import { setTimeout as sleep } from 'node:timers/promises';
import { lacksOfSwap } from '../../cluster/failover/agreed.ts';
import type { Swap } from '../../cluster/failover/agreed.ts';
import type { Situation } from '../../cluster/failover/situation.ts';
import { reachableNodes } from '../../cluster/shape.ts';
import type { Member } from '../../cluster/shape.ts';
import type { ClusterStep } from '../../cluster/step.ts';
import type { TopologyView } from '../../cluster/view.ts';
import { OperationError } from '../../errors.ts';
import { applyClusterStep } from '../../redis/apply.ts';
import { isFailure, ReplyError } from '../../redis/connection.ts';
import type { RedisConnection } from '../../redis/connection.ts';
import { observeTopology } from '../../redis/observe.ts';
import type { Session } from '../session.ts';
import { answering } from './look.ts';
import { readLink } from './rest.ts';

export type FailoverMode = (ClusterStep & { kind: 'failover' })['mode'];

export type Promotion = {
  /** When Redis accepted the command that led to it, by performance.now(). */
  readonly acceptedAt: number;
  readonly promotedMs: number;
  readonly agreedMs: number;
};

/** Redis itself gives a manual failover 5 s (CLUSTER_MF_TIMEOUT), after which nothing has changed. */
const gracefulDeadlineMs = 8_000;
/** Gossip carries the old master's role within about half a node timeout; a busy machine takes longer. */
const agreementDeadlineMs = 60_000;
/** Clients are being redirected just then: to ask all nodes at that moment lengthened the longest gaps (docs/failover.md). */
const redirectionMs = 60;
/** An election of a forced failover is decided in ms; unanswered for this long it is asked for again. */
const electionMs = 2_000;

/**
 * Sends the failover and waits until the replica is master and every node that answered before agrees. A forced one
 * is asked for again while masters refuse their votes after an earlier election, for at most 4 × node timeout.
 * Throws OperationError when it does not happen; the old master is master then.
 */
export async function promote(
  session: Session,
  situation: Situation,
  swap: Swap & { readonly mode: FailoverMode },
): Promise<Promotion> {
  const connection = await connectionTo(session, swap.replica);
  const isGraceful = swap.mode === 'graceful';
  const { nodeTimeoutMs } = isGraceful ? { nodeTimeoutMs: 0 } : await readLink(session, swap.replica);
  const deadline = performance.now() + Math.max(gracefulDeadlineMs, 4 * nodeTimeoutMs + electionMs);
  for (;;) {
    await send(swap, connection);
    const acceptedAt = performance.now();
    const since = (): number => Math.round(performance.now() - acceptedAt);
    if (await isPromotedBy(connection, isGraceful ? deadline : acceptedAt + electionMs)) {
      const promotedMs = since();
      if (!swap.masterGone) await sleep(redirectionMs);
      if (await untilAgreed(session, situation, swap)) return { acceptedAt, promotedMs, agreedMs: since() };
      if (isGraceful) throw turnedBack(swap);
      await sleep(electionMs / 2);
    }
    if (performance.now() > deadline) throw notPromoted(swap, Math.round(since() / 1000));
  }
}

/** Where its master is gone the cluster may have elected it by itself in this moment: that is what was wanted. */
async function send(
  { replica, mode }: Swap & { readonly mode: FailoverMode },
  connection: RedisConnection,
): Promise<void> {
  try {
    await applyClusterStep({ kind: 'failover', node: replica.node.id, mode }, connection);
  } catch (error) {
    const isMaster = error instanceof ReplyError && error.message.includes('CLUSTER FAILOVER to a replica');
    if (mode === 'graceful' || !isMaster) throw error;
  }
}

async function connectionTo(session: Session, { node }: Member): Promise<RedisConnection> {
  const connection = await session.redis(node);
  if (!isFailure(connection)) return connection;
  throw new OperationError(`${node.id} cannot be asked any more: ${connection.reason}`, { node: node.id });
}

/** ROLE is the cheapest question there is: asking every few ms does not slow down what it waits for. */
async function isPromotedBy(connection: RedisConnection, deadline: number): Promise<boolean> {
  while (performance.now() < deadline) {
    const role = await connection.call(['ROLE']);
    if (Array.isArray(role) && role[0] === 'master') return true;
    await sleep(4);
  }
  return false;
}

/** False: the others turned the new master back. Asks the nodes that answered before. */
async function untilAgreed(session: Session, situation: Situation, swap: Swap): Promise<boolean> {
  const answered = answering(situation);
  const witnesses = session.inventory.nodes.filter(({ id }) => answered.has(id));
  const deadline = performance.now() + agreementDeadlineMs;
  for (;;) {
    const asked = performance.now();
    const view = await observeTopology(witnesses, session.redis);
    const lacks = lacksOfSwap(view, swap);
    if (lacks.length === 0) return true;
    if (isTurnedBack(view, swap)) return false;
    if (performance.now() > deadline) {
      throw new OperationError(
        `${swap.replica.node.id} took over, but after ${agreementDeadlineMs / 1000} s ${lacks.join('; ')}`,
        { node: swap.replica.node.id, hints: ['weedgo-redis verify shows who says what.'] },
      );
    }
    // Looking takes at most half of the time, so that it does not slow down what it waits for.
    await sleep(Math.max(10, performance.now() - asked));
  }
}

/** Its claim had an older epoch than the master's: the others did not follow, and it is a replica again. */
function isTurnedBack(view: TopologyView, { replica }: Swap): boolean {
  const own = reachableNodes(view).find(({ node }) => node === replica.node.id);
  return own?.info['role'] === 'slave';
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

function notPromoted({ shard, replica }: Swap, seconds: number): OperationError {
  const { id } = replica.node;
  return new OperationError(
    `${id} did not take over within ${seconds} s; ${shard.master.node.id} is master as before`,
    {
      node: id,
      hints: [
        `The end of ${id}'s log says why: no votes, or the master's stream was not caught up with in 5 s.`,
        'Nothing else was changed. Run the same command again.',
      ],
    },
  );
}
