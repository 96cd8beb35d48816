import { setTimeout as sleep } from 'node:timers/promises';
import { InterruptedError, runAgain, WeedgoError } from './errors.ts';

export type WaitOptions<T> = {
  readonly deadlineMs: number;
  /** What was seen shows work under way: the deadline counts from here again. */
  readonly atWork?: (seen: T) => boolean;
  /** Pause between two looks; default 50. */
  readonly intervalMs?: number;
  readonly signal?: AbortSignal | undefined;
};

export type Waited<T, M> = {
  /** What was seen last, and what it still lacked: empty when the wait succeeded. */
  readonly seen: T;
  readonly missing: readonly M[];
};

/**
 * Looks until nothing is missing or `deadlineMs` have passed; resolves to the last look either way, so that
 * the caller can name what was missing. Looks at least once. Throws as `throwIfInterrupted`.
 */
export async function waitUntil<T, M>(
  observe: () => Promise<T>,
  missing: (seen: T) => readonly M[],
  { deadlineMs, atWork = () => false, intervalMs = 50, signal }: WaitOptions<T>,
): Promise<Waited<T, M>> {
  let workedAt = performance.now();
  for (;;) {
    throwIfInterrupted(signal);
    const seen = await observe();
    const lacking = missing(seen);
    const now = performance.now();
    if (atWork(seen)) workedAt = now;
    if (lacking.length === 0 || now - workedAt >= deadlineMs) return { seen, missing: lacking };
    await pause(intervalMs, signal);
  }
}

/** Sleeps for `ms`; throws as `throwIfInterrupted` as soon as the signal aborts. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => throwIfInterrupted(signal));
}

/**
 * Step boundaries call this: after Ctrl-C, or once the lock is lost (the signal's reason), nothing new is
 * begun.
 */
export function throwIfInterrupted(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  if (signal.reason instanceof WeedgoError) throw signal.reason;
  throw new InterruptedError('interrupted at a step boundary', {
    hints: [runAgain],
  });
}
