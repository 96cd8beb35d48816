import { namedInventory } from './inventory-path.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { WeedgoError } from '../base/errors.ts';
import { openSession } from '../session/connect.ts';
import type { Session } from '../session/session.ts';
import type { Invocation } from './command.ts';

export type WatchRequest<T> = {
  readonly intervalMs: number;
  readonly look: (session: Session) => Promise<T>;
  /** Whether a host was lost meanwhile: the next look then connects again. */
  readonly isPartial: (seen: T) => boolean;
  readonly show: (seen: T) => void;
  /** Nothing at all could be looked at; the next look tries again. */
  readonly showFailure: (error: WeedgoError) => void;
};

/**
 * Looks again and again until Ctrl-C, over one session as long as it is whole. Resolves to what was seen
 * last; undefined when there never was anything to see.
 */
export async function watch<T>(invocation: Invocation, request: WatchRequest<T>): Promise<T | undefined> {
  const inventory = await namedInventory(invocation);
  let session: Session | undefined;
  let last: T | undefined;
  try {
    while (!invocation.signal.aborted) {
      try {
        session ??= await openSession({ ...invocation, inventory });
        last = await request.look(session);
        if (invocation.signal.aborted) break;
        request.show(last);
        if (request.isPartial(last)) session = await closed(session);
      } catch (error) {
        if (!(error instanceof WeedgoError) || error.kind === 'usage') throw error;
        if (error.kind !== 'interrupted') request.showFailure(error);
        session = await closed(session);
      }
      await sleep(request.intervalMs, undefined, invocation).catch(() => undefined);
    }
  } finally {
    await session?.close();
  }
  return last;
}

async function closed(session: Session | undefined): Promise<undefined> {
  await session?.close();
}
