import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisCommand } from '../../redis/connection.ts';
import type { Send } from './shard-client.ts';

export type Found = {
  /** Numbers that were acknowledged and are not there, or not as written. */
  readonly lost: readonly number[];
  /** How many could not be read at all. */
  readonly unread: number;
};

type KeyOf = (number: number) => string;

const batch = 500;
const patienceMs = 30_000;

/** Reads every acknowledged number from the node that owns the shard now. */
export async function readBack(numbers: readonly number[], keyOf: KeyOf, attempt: Send): Promise<Found> {
  const lost: number[] = [];
  let unread = 0;
  for (let at = 0; at < numbers.length; at += batch) {
    const part = numbers.slice(at, at + batch);
    const replies = await insist(
      attempt,
      part.map((number) => ['GET', keyOf(number)]),
    );
    if (replies) lost.push(...part.filter((number, index) => replies[index] !== String(number)));
    else unread += part.length;
  }
  return { lost, unread };
}

/** Removes the keys 1 to `count`. Resolves to false when some could not be: they expire. */
export async function removeAll(count: number, keyOf: KeyOf, attempt: Send): Promise<boolean> {
  for (let first = 1; first <= count; first += batch) {
    const keys = Array.from({ length: Math.min(batch, count - first + 1) }, (_, index) =>
      keyOf(first + index),
    );
    if (!(await insist(attempt, [['UNLINK', ...keys]]))) return false;
  }
  return true;
}

/** Again until it succeeds or half a minute has passed. */
async function insist(
  attempt: Send,
  commands: readonly RedisCommand[],
): Promise<readonly unknown[] | undefined> {
  const deadline = performance.now() + patienceMs;
  while (performance.now() < deadline) {
    const result = await attempt(commands);
    if (result.ok) return result.replies;
    if (result.kind !== 'MOVED') await sleep(50);
  }
  return undefined;
}
