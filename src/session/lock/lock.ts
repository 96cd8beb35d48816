import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { OperationError, RefusedError } from '../../base/errors.ts';
import { throwIfInterrupted } from '../../base/wait.ts';
import { askLock, parseLockRecord } from './ask.ts';
import type { LockRecord } from './ask.ts';
import { describeHolder } from './holder.ts';
import { startHeart } from './heart.ts';
import type { HeldStation } from './heart.ts';
import { beatSeconds } from './script.ts';
import type { LockAction } from './script.ts';
import { describeOperator, isProvablyGone, operatorProcess } from '../operator.ts';
import { stationCount, stationsOf } from '../stations.ts';
import type { Station } from '../stations.ts';
import type { Session } from '../session.ts';

export type { LockRecord } from './ask.ts';

export type LockRequest = {
  readonly reason: string;
  /** Work with half of the hosts or fewer in reach: only for replacing a dead master. */
  readonly allowMinority?: boolean;
  /** Asked at the end: whether the lock's own files go too, since the cluster is gone. */
  readonly leavesNothing?: () => boolean;
};

export type Lock = {
  readonly record: LockRecord;
  /** Aborted with an OperationError as its reason once the lock can no longer be counted on. */
  readonly lost: AbortSignal;
  /** As `Heart` has them. */
  readonly demand: () => void;
  readonly lose: (why: string) => OperationError;
  /** The stations (by host name) that granted the lock. */
  readonly granted: ReadonlySet<string>;
  /** What silent holders left behind, by host: their command was killed or cut off. */
  readonly abandoned: ReadonlyMap<string, LockRecord>;
};

/**
 * Holds the cluster's lock on every connected host that grants it while `work` runs; what it does after
 * `lost` is aborted is not protected. See docs/locks.md. Throws RefusedError when another holds it, naming
 * the holder, or when the hosts that grant it are no majority of all hosts; then no lock is left anywhere.
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
  const { held, abandoned } = await acquireAll(session, stations, { record, ...request });
  const heart = startHeart(held, { record, quorum: quorumOf(session, held.length) });
  const { lost, demand, lose } = heart;
  const granted = new Set(held.map(({ host }) => host));
  try {
    return await work({ record, lost, demand, lose, granted, abandoned });
  } finally {
    await heart.stop();
    await releaseAll(stations, record, request.leavesNothing?.() === true ? 'remove' : 'release');
  }
}

const majorityOf = (count: number): number => Math.floor(count / 2) + 1;

/**
 * A command that may work with a minority holds a majority of what it has; one that began with more keeps to
 * that.
 */
function quorumOf({ inventory }: Session, held: number): number {
  const majority = majorityOf(stationCount(inventory));
  return held >= majority ? majority : majorityOf(held);
}

function refuseMinority(session: Session, stations: readonly Station[]): void {
  if (stations.length >= majorityOf(stationCount(session.inventory))) return;
  throw new RefusedError('no majority of the hosts can be reached, so other operators cannot be kept out', {
    hints: [...session.unreachable].map(([host, error]) => `${host}: ${error.message}`),
  });
}

type Acquired = {
  readonly held: readonly HeldStation[];
  readonly abandoned: ReadonlyMap<string, LockRecord>;
};

type Acquisition = { readonly record: LockRecord; readonly allowMinority?: boolean };

/**
 * The first host decides between operators that come at once; the rest follow in parallel. A host that cannot
 * grant it (a full disk, a connection that is lost) is left out as long as the others are a majority of all.
 */
async function acquireAll(
  session: Session,
  stations: readonly Station[],
  { record, allowMinority }: Acquisition,
): Promise<Acquired> {
  const acquire = (some: readonly Station[]) =>
    Promise.allSettled(some.map((station) => acquireOne(session, station, record)));
  const first = await acquire(stations.slice(0, 1));
  const isRefused = first.some(
    (outcome) => outcome.status === 'rejected' && !(outcome.reason instanceof OperationError),
  );
  const outcomes = isRefused ? first : [...first, ...(await acquire(stations.slice(1)))];
  const granted = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const failures = outcomes.flatMap((outcome): unknown[] =>
    outcome.status === 'rejected' ? [outcome.reason] : [],
  );
  const least = allowMinority === true ? 1 : majorityOf(stationCount(session.inventory));
  const fatal =
    failures.find((error) => !(error instanceof OperationError)) ??
    (granted.length < least ? failures[0] : undefined);
  if (fatal !== undefined) {
    await releaseAll(stations, record);
    throw fatal;
  }
  for (const error of failures) if (error instanceof OperationError) warnOfRefusal(session, error);
  return {
    held: granted.map(({ station }) => station),
    abandoned: new Map(granted.flatMap(({ station, left }) => (left ? [[station.host, left] as const] : []))),
  };
}

function warnOfRefusal({ emit }: Session, { host, message, hints }: OperationError): void {
  emit({
    type: 'warning',
    ...(host !== undefined && { host }),
    message: `it did not grant the lock, so nothing is changed there: ${message}`,
    hints,
  });
}

type Granted = { readonly station: HeldStation; readonly left: LockRecord | undefined };

/**
 * A living holder is refused to at once. One whose process ran on this machine and is gone is taken over
 * from; one that missed two beats is probably gone, and its lease is waited for.
 */
async function acquireOne(session: Session, station: Station, record: LockRecord): Promise<Granted> {
  let action: LockAction = 'acquire';
  for (;;) {
    throwIfInterrupted(session.signal);
    const answer = await askLock(station, { action, record });
    if (answer.kind === 'taken' || answer.kind === 'stolen') {
      const left = answer.kind === 'stolen' ? parseLockRecord(answer.record) : undefined;
      return { station: { ...station, boot: answer.boot }, left };
    }
    if (answer.kind !== 'held')
      throw new OperationError(`answered ${answer.kind} to ${action}`, { host: station.host });
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
async function releaseAll(
  stations: readonly Station[],
  record: LockRecord,
  action: 'release' | 'remove' = 'release',
): Promise<void> {
  await Promise.allSettled(stations.map((station) => askLock(station, { action, record })));
}

function heldBy(
  session: Session,
  { host }: Station,
  { holder, silentSeconds }: { readonly holder: LockRecord; readonly silentSeconds: number },
): RefusedError {
  const { message, hints } = describeHolder(session.inventory.cluster, holder);
  return new RefusedError(`${message} (seen on ${host}; last sign of life ${silentSeconds} s ago)`, {
    hints,
  });
}
