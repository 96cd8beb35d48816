import { guardCluster } from '../../cluster/failover/guard-cluster.ts';
import type { Situation } from '../../cluster/failover/situation.ts';
import { pause } from '../../redis/wait.ts';
import type { Session } from '../session.ts';
import { throwIfInterrupted } from '../stage.ts';
import { lookAround } from './look.ts';
import type { LookOptions } from './look.ts';
import { refuseFor } from './refuse.ts';

/** A node that has just started calls the cluster down for up to 5 s (`rejoin_delay`), and gossip takes some more. */
const quietMs = 30_000;

/**
 * Waits until nothing in the cluster speaks against moving masters (`guardCluster`), as it soon will after a node
 * was restarted. Throws RefusedError with what still does after half a minute.
 */
export async function awaitQuiet(session: Session, options: LookOptions): Promise<Situation> {
  const deadline = performance.now() + quietMs;
  for (;;) {
    throwIfInterrupted(session.signal);
    const situation = await lookAround(session, options);
    const reasons = guardCluster(situation);
    if (reasons.length === 0) return situation;
    if (performance.now() > deadline) refuseFor(reasons, 'going on');
    await pause(200, session.signal);
  }
}
