import { auditAbandoned, withAudit } from './audit.ts';
import { createAccount } from './lock/account.ts';
import { guardSession } from './lock/guard.ts';
import { withLock } from './lock.ts';
import type { LockRequest } from './lock.ts';
import type { Session } from './session.ts';

export type ChangeRequest = LockRequest & {
  /** The command line as typed, without the program; for the audit log. */
  readonly command: string;
};

/**
 * What every command that changes something runs in: the cluster's lock is held meanwhile, and the audit log of
 * every connected host gets a line about it, however it ends. `work` gets a session that makes no change without the
 * lock (`guardSession`).
 * Throws RefusedError when another operator holds the lock; that is not audited, since nothing was begun.
 */
export async function changing<T>(
  session: Session,
  request: ChangeRequest,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  return withLock(session, request, async (lock) => {
    await auditAbandoned(session, lock.abandoned);
    return withAudit(session, { command: request.command, run: lock.record.run }, () =>
      work(guardSession(session, lock, createAccount())),
    );
  });
}
