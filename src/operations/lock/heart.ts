import { OperationError } from '../../errors.ts';
import type { Station } from '../places.ts';
import { askLock, parseLockRecord } from './ask.ts';
import type { LockRecord } from './ask.ts';
import { beatSeconds, leaseSeconds } from './script.ts';

export type Heart = {
  /** Aborted with an OperationError as its reason once the lock can no longer be counted on. */
  readonly lost: AbortSignal;
  readonly stop: () => Promise<void>;
};

/**
 * Gives signs of life until stopped. The lock is lost as soon as one host says that it is another's, or when no
 * majority of the hosts has taken a sign of life for so long that the lease may run out before the next.
 */
export function startHeart(stations: readonly Station[], record: LockRecord): Heart {
  const lost = new AbortController();
  const lastBeat = new Map(stations.map(({ host }) => [host, performance.now()]));
  const lose = (why: string): void => lost.abort(lockLost(why));
  const beat = async (station: Station): Promise<void> => {
    const sent = performance.now();
    const answer = await askLock(station, 'beat', record).catch(() => undefined);
    if (answer?.kind === 'taken') lastBeat.set(station.host, sent);
    if (answer?.kind === 'held')
      lose(`${parseLockRecord(answer.record).owner} holds it now on ${station.host}`);
  };
  const patienceMs = (leaseSeconds - beatSeconds) * 1000;
  let beating: Promise<unknown> = Promise.resolve();
  const timer = setInterval(() => {
    const alive = [...lastBeat.values()].filter((at) => performance.now() - at < patienceMs).length;
    if (alive * 2 <= stations.length) lose('the hosts did not answer in time');
    beating = Promise.allSettled([beating, ...stations.map(beat)]);
  }, beatSeconds * 1000);
  timer.unref();
  return {
    lost: lost.signal,
    stop: async () => {
      clearInterval(timer);
      // A beat that arrives after the release would take the lock again.
      await beating;
    },
  };
}

function lockLost(why: string): OperationError {
  return new OperationError(`the lock was lost: ${why}`, {
    hints: ['Nothing new was begun after that. Run the same command again: it goes on from what is there.'],
  });
}
