import { WeedgoError } from '../base/errors.ts';
import { auditAbandoned, withAudit } from './audit/audit.ts';
import { createAccount } from './lock/account.ts';
import type { Account } from './lock/account.ts';
import { guardSession } from './lock/guard.ts';
import { withLock } from './lock/lock.ts';
import type { LockRequest } from './lock/lock.ts';
import { refuseOtherCluster } from './other-cluster.ts';
import type { Session } from './session.ts';

export type ChangeRequest = LockRequest & {
  /** The command line as typed, without the program; for the audit log. */
  readonly command: string;
};

/**
 * What every command that changes something runs in: the cluster's lock is held meanwhile, and the audit log
 * of every connected host gets a line about it, however it ends. `work` gets a session that makes no change
 * without the lock (`guardSession`). Throws RefusedError when another operator holds the lock or a node
 * belongs to another cluster; that is not audited, since nothing was begun.
 */
export async function changing<T>(
  session: Session,
  request: ChangeRequest,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  await refuseOtherCluster(session);
  return withLock(session, request, async (lock) => {
    const account = createAccount();
    await auditAbandoned(session, lock.abandoned);
    return withAudit(session, { command: request.command, run: lock.record.run }, () =>
      accounted(account, () => work(guardSession(session, lock, account))),
    );
  });
}

/** What a failing command says of its changes comes from what was begun, not from the place in the code. */
async function accounted<T>(account: Account, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof WeedgoError) error.changes = account.changes();
    throw error;
  }
}
