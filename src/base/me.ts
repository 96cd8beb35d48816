import { homedir, userInfo } from 'node:os';
import { UsageError } from './errors.ts';

/** The operator's name on this machine; undefined: the uid has no passwd entry, as in containers. */
export function ownName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}

/** `~`. Throws UsageError where this machine knows none: no $HOME, and no passwd entry for the uid. */
export function ownHome(): string {
  try {
    const home = homedir();
    if (home !== '') return home;
  } catch {
    // Said below.
  }
  throw new UsageError(
    `there is no home folder: $HOME is not set, and uid ${process.getuid?.() ?? '?'} has no passwd entry`,
    { hints: ['Set HOME to a folder of your own, or write absolute paths instead of ~.'] },
  );
}
