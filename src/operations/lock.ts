import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { RefusedError } from '../errors.ts';
import { throwIfInterrupted } from '../redis/wait.ts';
import { askLock, parseLockRecord } from './lock/ask.ts';
import type { LockRecord } from './lock/ask.ts';
import { startHeart } from './lock/heart.ts';
import { beatSeconds, leaseSeconds } from './lock/script.ts';
import type { LockAction } from './lock/script.ts';
import { describeOperator, isProvablyGone, operatorProcess } from './operator.ts';
import { stationCount, stationsOf } from './places.ts';
import type { Station } from './places.ts';
import type { Session } from './session.ts';

export type { LockRecord } from './lock/ask.ts';

export type LockRequest = {
  readonly reason: string;
  /** Work with half of the hosts or fewer in reach: only for replacing a dead master. */
  readonly allowMinority?: boolean;
};

export type Lock = {
  readonly record: LockRecord;
  /** Aborted with an OperationError as its reason once the lock can no longer be counted on. */
  readonly lost: AbortSignal;
  /** What silent holders left behind, by host: their command was killed or cut off. */
  readonly abandoned: ReadonlyMap<string, LockRecord>;
};

/**
 * Holds the cluster's lock on every connected host while `work` runs; what it does after `lost` is aborted is
 * not protected. See docs/locks.md. Throws RefusedError when another holds it, naming the holder, or when the
 * hosts in reach are no majority; then no lock is left anywhere.
 */
export async function withLock<T>(
  session: Session,
  request: LockRequest,
  work: (lock: Lock) => Promise<T>,
): Promise<T> {
  const stations = stationsOf(session);
  if (request.allowMinority !== true) refuseMinority(session, stations);
  const record: LockRecord = {
    owner: describeOperator(),
    reason: request.reason,
    since: new Date().toISOString(),
    run: randomUUID(),
    process: operatorProcess(),
  };
  const abandoned = await acquireAll(session, stations, record);
  const heart = startHeart(stations, record);
  try {
    return await work({ record, lost: heart.lost, abandoned });
  } finally {
    await heart.stop();
    await releaseAll(stations, record);
  }
}

function refuseMinority(session: Session, stations: readonly Station[]): void {
  if (stations.length * 2 > stationCount(session.inventory)) return;
  throw new RefusedError('no majority of the hosts can be reached, so other operators cannot be kept out', {
    hints: [...session.unreachable].map(([host, error]) => `${host}: ${error.message}`),
  });
}

/** The first host decides between operators that come at once; the rest follow in parallel. */
async function acquireAll(
  session: Session,
  stations: readonly Station[],
  record: LockRecord,
): Promise<Lock['abandoned']> {
  const abandoned = new Map<string, LockRecord>();
  const acquire = async (station: Station): Promise<void> => {
    const left = await acquireOne(session, station, record);
    if (left) abandoned.set(station.host, left);
  };
  const [first, ...others] = stations;
  if (first) await acquire(first);
  const outcomes = await Promise.allSettled(others.map(acquire));
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) {
    await releaseAll(stations, record);
    throw failed.reason;
  }
  return abandoned;
}

/**
 * A living holder is refused to at once. One whose process ran on this machine and is gone is taken over from; one
 * that missed two beats is probably gone, and its lease is waited for.
 */
async function acquireOne(
  session: Session,
  station: Station,
  record: LockRecord,
): Promise<LockRecord | undefined> {
  let action: LockAction = 'acquire';
  for (;;) {
    throwIfInterrupted(session.signal);
    const answer = await askLock(station, action, record);
    if (answer.kind === 'stolen') return parseLockRecord(answer.record);
    if (answer.kind !== 'held') return undefined;
    const holder = parseLockRecord(answer.record);
    if (action === 'acquire' && holder.process && isProvablyGone(holder.process)) {
      action = `seize ${holder.run}`;
      continue;
    }
    if (answer.silentSeconds <= 2 * beatSeconds) throw heldBy(session, station, { ...answer, holder });
    const message = `waiting for the lock of ${holder.owner}, silent for ${answer.silentSeconds} s`;
    session.emit({ type: 'host', host: station.host, message });
    action = 'acquire';
    await sleep(1000);
  }
}

/** A release that fails is made good by the lease. */
async function releaseAll(stations: readonly Station[], record: LockRecord): Promise<void> {
  await Promise.allSettled(stations.map((station) => askLock(station, 'release', record)));
}

function heldBy(
  session: Session,
  { host }: Station,
  { holder, silentSeconds }: { readonly holder: LockRecord; readonly silentSeconds: number },
): RefusedError {
  const { owner, reason, since } = holder;
  return new RefusedError(
    `${session.inventory.cluster} is locked by ${owner} since ${since}: ${reason} ` +
      `(seen on ${host}; last sign of life ${silentSeconds} s ago)`,
    {
      hints: [
        `Wait until it is done, or ask ${owner}. Commands that only read work meanwhile.`,
        `When its process or connection is gone, the lock goes after ${leaseSeconds} s.`,
      ],
    },
  );
}
