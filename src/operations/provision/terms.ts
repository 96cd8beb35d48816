import type { LostShards } from '../../cluster/lost.ts';
import { WeedgoError } from '../../base/errors.ts';
import { readJournal, type RestartEntry } from '../../session/journal/journal.ts';
import type { Session } from '../../session/session.ts';

/** What a plan follows besides the inventory and what was observed. */
export type Terms = {
  /** Shards whose data was proven to be gone, which are to start without it. */
  readonly lost?: LostShards | undefined;
  /** Names of drained hosts; undefined: not known. */
  readonly drained?: readonly string[] | undefined;
  /** A rolling restart that was begun and not finished. */
  readonly restart?: RestartEntry | undefined;
  /** The operator wants no running node restarted. */
  readonly noRestart?: boolean;
};

/** What the journal says; nothing where it cannot be read. Throws InterruptedError. */
export async function termsOfJournal(session: Session): Promise<Pick<Terms, 'drained' | 'restart'>> {
  try {
    const { drained, restart } = await readJournal(session);
    return { drained: Object.keys(drained), restart };
  } catch (error) {
    if (error instanceof WeedgoError && error.kind === 'failed') return {};
    throw error;
  }
}
