import { uptime } from 'node:os';
import { LockLostError, runAgain } from '../../base/errors.ts';
import type { Station } from '../stations.ts';
import { askLock, parseLockRecord } from './ask.ts';
import type { LockRecord } from './ask.ts';
import { beatSeconds, leaseSeconds } from './script.ts';

/** A host that granted the lock, and its boot then. */
export type HeldStation = Station & { readonly boot: string };

export type Heart = {
  /** Aborted with a LockLostError as its reason once the lock can no longer be counted on. */
  readonly lost: AbortSignal;
  /**
   * Throws `lost`'s reason when the lock can no longer be counted on at this moment. It reads a clock that
   * counts sleep, and needs no timer: after a SIGCONT, replies that waited are handled before any timer runs.
   */
  readonly demand: () => void;
  /** Counts the lock as lost; resolves to `lost`'s reason. */
  readonly lose: (why: string) => LockLostError;
  readonly stop: () => Promise<void>;
};

export type HeartRequest = {
  readonly record: LockRecord;
  /**
   * How many hosts have to confirm signs of life: a majority of all hosts, not of those that are connected.
   */
  readonly quorum: number;
};

/** Seconds that a confirmed sign of life counts: the lease could run out before the next one is confirmed. */
const patienceSeconds = leaseSeconds - beatSeconds;

/**
 * Gives signs of life until stopped. The lock is lost as soon as one host says that it is or was another's,
 * or when fewer hosts than the quorum have confirmed a sign of life within the last 20 s.
 */
export function startHeart(stations: readonly HeldStation[], { record, quorum }: HeartRequest): Heart {
  const lost = new AbortController();
  // Node's uptime is /proc/uptime on Linux: it counts the time of a suspend, performance.now() does not.
  const lastBeat = new Map(stations.map(({ host }) => [host, uptime()]));
  const lose = (why: string): LockLostError => {
    lost.abort(lockLost(why));
    return reasonOf(lost.signal);
  };
  const look = (): void => {
    const alive = [...lastBeat.values()].filter((at) => uptime() - at < patienceSeconds).length;
    if (alive < quorum)
      lose(`${alive} of ${quorum} hosts have confirmed it within the last ${patienceSeconds} s`);
  };
  const beat = async (station: HeldStation): Promise<void> => {
    const sent = uptime();
    const question = { action: 'beat', record, boot: station.boot } as const;
    const answer = await askLock(station, question).catch(() => undefined);
    if (answer?.kind === 'taken') lastBeat.set(station.host, sent);
    else if (answer?.kind === 'held')
      lose(`${parseLockRecord(answer.record).owner} holds it now on ${station.host}`);
    else if (answer?.kind === 'gone') lose(`it is gone on ${station.host}: another command may have held it`);
  };
  let beating: Promise<unknown> = Promise.resolve();
  const timer = setInterval(() => {
    look();
    // A lease that is over is not prolonged: what is still on its way to a host would be done there.
    if (!lost.signal.aborted) beating = Promise.allSettled([beating, ...stations.map(beat)]);
  }, beatSeconds * 1000);
  timer.unref();
  return {
    lost: lost.signal,
    lose,
    demand: () => {
      look();
      if (lost.signal.aborted) throw reasonOf(lost.signal);
    },
    stop: async () => {
      clearInterval(timer);
      // A beat that arrives after the release would find the lock gone.
      await beating;
    },
  };
}

const reasonOf = ({ reason }: AbortSignal): LockLostError =>
  reason instanceof LockLostError ? reason : lockLost('unknown');

function lockLost(why: string): LockLostError {
  return new LockLostError(`the lock was lost: ${why}`, {
    hints: [runAgain],
  });
}
