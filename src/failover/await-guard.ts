import { guardCluster } from '../cluster/failover/guard-cluster.ts';
import type { Reason } from '../cluster/failover/reason.ts';
import type { Situation } from '../cluster/failover/situation.ts';
import type { Choice } from '../cluster/failover/target.ts';
import { guardVotes } from '../cluster/failover/votes.ts';
import { pause, throwIfInterrupted } from '../base/wait.ts';
import type { Session } from '../session/session.ts';
import { lookAround } from './look.ts';
import type { LookOptions } from './look.ts';
import { refuseFor } from './refuse.ts';

type Wait = {
  readonly guard: (situation: Situation) => readonly Reason[];
  readonly patienceMs: number;
  readonly pollMs: number;
  /** What is refused when the reasons stay. */
  readonly doing: string;
};

/**
 * Waits until `guardCluster` gives no reason against moving masters. After a restart that takes a while: a
 * node that has just started calls the cluster down for up to 5 s (`rejoin_delay`), and gossip takes some
 * more. Throws RefusedError with the reasons that remain after half a minute; at once where no node answers
 * at all. `doing` is what would be refused, e.g. `restart`.
 */
export const awaitQuiet = (session: Session, doing: string, options: LookOptions): Promise<Situation> =>
  awaitGuard(session, options, {
    guard: guardCluster,
    patienceMs: 30_000,
    pollMs: 200,
    doing,
  });

/**
 * How long to wait for an election, or for gossip about one, that somebody else's command has left behind.
 */
const settlingMs = 5_000;

/** Looks until no other failover is under way, for 5 s at most. The caller's guards judge the result. */
export async function awaitSettled(session: Session, options: LookOptions): Promise<Situation> {
  const deadline = performance.now() + settlingMs;
  for (;;) {
    const situation = await lookAround(session, options);
    const isRunning = guardCluster(situation).some(({ code }) => code === 'failover-running');
    if (!isRunning || performance.now() > deadline) return situation;
    await pause(100, session.signal);
  }
}

/**
 * Waits until votes would reach the replica: bus links come back within a few ticks of clusterCron (100 ms).
 * Throws RefusedError when they do not.
 */
export const awaitVotes = (
  session: Session,
  options: LookOptions,
  { mode, ...choice }: Choice & { readonly mode: 'graceful' | 'force' },
): Promise<Situation> =>
  awaitGuard(session, options, {
    guard: (situation) => guardVotes(situation, choice, mode),
    patienceMs: 5_000,
    pollMs: 50,
    doing: `failover of ${choice.shard.master.node.id}`,
  });

async function awaitGuard(
  session: Session,
  options: LookOptions,
  { guard, patienceMs, pollMs, doing }: Wait,
): Promise<Situation> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    throwIfInterrupted(session.signal);
    const situation = await lookAround(session, options);
    const reasons = guard(situation);
    if (reasons.length === 0) return situation;
    const hopeless = reasons.some(({ code }) => code === 'no-answer');
    if (hopeless || performance.now() > deadline) refuseFor(reasons, doing);
    await pause(pollMs, session.signal);
  }
}
