import { OperationError } from '../../base/errors.ts';
import { guardConnection } from '../../redis/guarded.ts';
import { isFailure } from '../../redis/connection.ts';
import type { ChangeGuard, Shell } from '../../ssh/shell.ts';
import type { Lock } from './lock.ts';
import { stationFor } from '../stations.ts';
import type { Session } from '../session.ts';
import type { Account } from './account.ts';
import { holdsLockCommand } from './script.ts';

/**
 * The session as a holder of the lock works with it: its signal is aborted as well when the lock is lost, its
 * shells make changes only where the lock is still held, and its connections send none once it is not.
 */
export function guardSession(session: Session, lock: Lock, account: Account): Session {
  return {
    ...session,
    signal: AbortSignal.any([session.signal, lock.lost]),
    rescue: session,
    shells: new Map(
      [...session.shells].map(([name, shell]) => [
        name,
        withGuard(shell, guardOf(session, name, { lock, account })),
      ]),
    ),
    redis: async (node) => {
      const connection = await session.redis(node);
      if (isFailure(connection)) return connection;
      return guardConnection(connection, { demand: lock.demand, note: account.note });
    },
  };
}

/** A shell's methods belong to one object: they are called on it. */
const withGuard = (shell: Shell, guard: ChangeGuard): Shell => ({
  host: shell.host,
  transport: shell.transport,
  ...(shell.reason !== undefined && { reason: shell.reason }),
  run: async (request) => shell.run(request),
  forward: async (address, port) => shell.forward(address, port),
  close: async () => shell.close(),
  guard,
});

function guardOf(
  session: Session,
  host: string,
  { lock, account }: { readonly lock: Lock; readonly account: Account },
): ChangeGuard {
  const station = stationFor(session, host);
  return {
    demand: () => {
      lock.demand();
      if (station && lock.granted.has(station.host)) return;
      throw new OperationError('did not grant the lock, so nothing is changed there', { host });
    },
    fence: station ? holdsLockCommand(station.locations, lock.record.run) : 'false',
    fenced: () => lock.lose(`another command holds it on ${host}, or may have held it`),
    note: account.note,
  };
}
