import { WeedgoError } from '../../base/errors.ts';
import { readJournal } from '../../session/journal/journal.ts';
import type { Session } from '../../session/session.ts';

/**
 * The names of the hosts that are drained, by the journal; undefined: it cannot be read. Throws
 * InterruptedError.
 */
export async function drainedHostsOf(session: Session): Promise<readonly string[] | undefined> {
  try {
    return Object.keys((await readJournal(session)).drained);
  } catch (error) {
    if (error instanceof WeedgoError && error.kind === 'failed') return undefined;
    throw error;
  }
}
