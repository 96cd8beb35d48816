import { setTimeout as sleep } from 'node:timers/promises';
import { lacksOfSwap, replicasOf } from '../../cluster/failover/agreed.ts';
import type { Swap } from '../../cluster/failover/agreed.ts';
import { memberOf, offsetOf, viewOf } from '../../cluster/failover/situation.ts';
import type { Situation } from '../../cluster/failover/situation.ts';
import { reachableNodes } from '../../cluster/shape.ts';
import type { Member, Shard } from '../../cluster/shape.ts';
import type { ClusterStep } from '../../cluster/step.ts';
import type { TopologyView } from '../../cluster/view.ts';
import { OperationError } from '../../errors.ts';
import { applyClusterStep } from '../../redis/apply.ts';
import { isFailure } from '../../redis/connection.ts';
import type { RedisConnection } from '../../redis/connection.ts';
import { observeTopology } from '../../redis/observe.ts';
import type { Session } from '../session.ts';
import { awaitInSync } from './await-sync.ts';
import { answering } from './look.ts';

export type FailoverMode = (ClusterStep & { kind: 'failover' })['mode'];

/** Bytes of the replication stream, by each one's own word; undefined: it could not be asked. */
export type Offsets = { readonly from: number | undefined; readonly to: number | undefined };

/** A failover as it was seen to happen. Times in ms since Redis accepted the command. */
export type HandOver = {
  readonly shard: number;
  /** Inventory ids of the old and the new master. */
  readonly from: string;
  readonly to: string;
  readonly mode: FailoverMode;
  /** The new master says that it is one. */
  readonly promotedMs: number;
  /** Every node that answers sees the same masters, replicas and slots. */
  readonly agreedMs: number;
  /** The shard's replicas, the old master among them if it lives, are in sync with the new one. */
  readonly syncedMs: number;
  /** The old master did not answer. */
  readonly masterGone: boolean;
  readonly offsets: { readonly before: Offsets; readonly after: Offsets };
  /** The shard's config epoch. */
  readonly epochs: { readonly before: number; readonly after: number };
};

export type HandOverRequest = {
  readonly shard: Shard;
  readonly replica: Member;
  readonly mode: FailoverMode;
};

/** Redis itself gives a manual failover 5 s (CLUSTER_MF_TIMEOUT), after which nothing has changed. */
const promotionDeadlineMs = 8_000;
/** Gossip carries the old master's role within about half a node timeout; a busy machine takes longer. */
const agreementDeadlineMs = 60_000;

/**
 * Makes a replica master of its shard and watches until every node agrees and the old master replicates it. The
 * guards are the caller's. Throws OperationError when it does not happen, saying what did. Interruptions wait until
 * the nodes agree: half a failover is nothing to leave behind.
 */
export async function handOver(
  session: Session,
  situation: Situation,
  { shard, replica, mode }: HandOverRequest,
): Promise<HandOver> {
  const connection = await connectionTo(session, replica);
  const swap: Swap = { shard, replica, masterGone: viewOf(situation, shard.master) === undefined };
  const step: ClusterStep = { kind: 'failover', node: replica.node.id, mode };
  await applyClusterStep(step, connection);
  const accepted = performance.now();
  const since = (): number => Math.round(performance.now() - accepted);
  await untilPromoted(connection, swap);
  const promotedMs = since();
  await untilAgreed(session, situation, swap);
  const agreedMs = since();
  const followers = replicasOf(swap).filter((member) => viewOf(situation, member));
  const after = await awaitInSync(session, [replica.node.id, ...followers.map(({ node }) => node.id)], {
    maxLag: situation.maxLag,
    among: answering(situation),
  });
  const syncedMs = since();
  return {
    shard: shard.number,
    from: shard.master.node.id,
    to: replica.node.id,
    mode,
    promotedMs,
    agreedMs,
    syncedMs,
    masterGone: swap.masterGone,
    offsets: { before: offsetsOf(situation, swap), after: offsetsOf(after, swap) },
    epochs: {
      before: shard.master.configEpoch,
      after: memberOf(after, replica.node.id)?.configEpoch ?? shard.master.configEpoch,
    },
  };
}

async function connectionTo(session: Session, { node }: Member): Promise<RedisConnection> {
  const connection = await session.redis(node);
  if (!isFailure(connection)) return connection;
  throw new OperationError(`${node.id} cannot be asked any more: ${connection.reason}`, { node: node.id });
}

/** ROLE is the cheapest question there is: asking every few ms does not slow down what it waits for. */
async function untilPromoted(connection: RedisConnection, { shard, replica }: Swap): Promise<void> {
  const deadline = performance.now() + promotionDeadlineMs;
  for (;;) {
    const role = await connection.call(['ROLE']);
    if (Array.isArray(role) && role[0] === 'master') return;
    if (performance.now() > deadline) break;
    await sleep(4);
  }
  const master = shard.master.node.id;
  throw new OperationError(
    `${replica.node.id} did not take over within ${promotionDeadlineMs / 1000} s; ${master} is master as before`,
    {
      node: replica.node.id,
      hints: [
        `The end of ${replica.node.id}'s log says why (no votes, or the master's stream was not caught up with in 5 s).`,
        'Nothing else was changed. Run the same command again when the write load is lower.',
      ],
    },
  );
}

/** Asks the nodes that answered before; those that do not agree yet again, and all of them once more at the end. */
async function untilAgreed(session: Session, situation: Situation, swap: Swap): Promise<void> {
  const answered = answering(situation);
  const witnesses = session.inventory.nodes.filter(({ id }) => answered.has(id));
  const deadline = performance.now() + agreementDeadlineMs;
  for (;;) {
    const asked = performance.now();
    const view = await observeTopology(witnesses, session.redis);
    const lacks = lacksOfSwap(view, swap);
    if (lacks.length === 0) return;
    if (isTurnedBack(view, swap)) throw turnedBack(swap);
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

function offsetsOf(situation: Situation, { shard, replica }: Swap): Offsets {
  const of = (member: Member): number | undefined => {
    const now = memberOf(situation, member.node.id);
    return now && offsetOf(situation, now);
  };
  return { from: of(shard.master), to: of(replica) };
}
