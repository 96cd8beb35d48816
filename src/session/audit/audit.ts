import { WeedgoError } from '../../base/errors.ts';
import { messageOf } from '../../base/message-of.ts';
import { formatAuditLine, maskSecrets } from './line.ts';
import type { AuditLine } from './line.ts';
import type { LockRecord } from '../lock/lock.ts';
import { describeOperator } from '../operator.ts';
import { stationsOf } from '../stations.ts';
import type { Station } from '../stations.ts';
import type { Session } from '../session.ts';

export type AuditRequest = {
  /** The command line as typed, without the program. */
  readonly command: string;
  /** Id of the run, the lock's. */
  readonly run: string;
};

/**
 * Runs `work`, then appends what became of it to the audit log of every connected host, also when it throws.
 * A log that cannot be written is a warning: the work is done by then.
 */
export async function withAudit<T>(
  session: Session,
  request: AuditRequest,
  work: () => Promise<T>,
): Promise<T> {
  const since = new Date();
  const start = performance.now();
  const mask = (text: string): string => maskSecrets(text, Object.values(session.secrets));
  // Asked for now, since there is time now.
  const origins = originsOf(session);
  const write = (outcome: AuditLine['outcome'], message?: string): Promise<void> =>
    appendEverywhere(session, origins, {
      ...commonFields(session),
      run: request.run,
      since: since.toISOString(),
      durationMs: Math.round(performance.now() - start),
      who: describeOperator(),
      command: mask(request.command),
      outcome,
      ...(message !== undefined && { message: mask(message) }),
    });
  try {
    const result = await work();
    await write('done');
    return result;
  } catch (error) {
    await write(...outcomeOf(error));
    throw error;
  }
}

/**
 * Writes down, for commands whose process never could, that they were cut off. By host: where it was seen.
 */
export async function auditAbandoned(
  session: Session,
  abandoned: ReadonlyMap<string, LockRecord>,
): Promise<void> {
  await Promise.all(
    stationsOf(session).map(async (station) => {
      const record = abandoned.get(station.host);
      if (!record) return;
      await append(session, station, {
        ...commonFields(session),
        run: record.run,
        since: record.since,
        who: record.owner,
        command: record.reason,
        from: unknownOrigin,
        outcome: 'abandoned',
        message: 'the process was killed or lost its connection',
      });
    }),
  );
}

type LineFields = Omit<AuditLine, 'from'>;

function commonFields(session: Session): Pick<AuditLine, 'schemaVersion' | 'cluster' | 'inventory'> {
  const { cluster, hash } = session.inventory;
  return { schemaVersion: 1, cluster, inventory: hash };
}

function outcomeOf(error: unknown): [outcome: AuditLine['outcome'], message: string] {
  const message = messageOf(error);
  return [error instanceof WeedgoError && error.kind !== 'usage' ? error.kind : 'failed', message];
}

async function appendEverywhere(session: Session, origins: Origins, line: LineFields): Promise<void> {
  await Promise.all(
    stationsOf(session).map(async (station) => {
      await append(session, station, { ...line, from: (await origins.get(station.host)) ?? unknownOrigin });
    }),
  );
}

async function append(session: Session, station: Station, line: AuditLine): Promise<void> {
  try {
    const { shell, locations } = station;
    const text = formatAuditLine(line);
    const { code, stderr } = await shell.run({
      script: appendScript,
      stdin: `${locations.audit}\n${text}`,
      asRoot: true,
      timeoutMs: 15_000,
    });
    if (code !== 0) throw new Error(stderr.trim() || `exit ${code}`);
  } catch (error) {
    const message = messageOf(error);
    session.emit({
      type: 'warning',
      host: station.host,
      message: `the audit log was not written: ${message}`,
    });
  }
}

/** Where the connection to each host comes from, as that host sees it. */
type Origins = ReadonlyMap<string, Promise<string>>;

const unknownOrigin = 'unknown';

const originsOf = (session: Session): Origins =>
  new Map(stationsOf(session).map((station) => [station.host, originOf(station).catch(() => unknownOrigin)]));

/** sudo clears SSH_CONNECTION, so it is read as the login user. */
async function originOf({ shell }: Station): Promise<string> {
  if (shell.transport === 'local') return 'local';
  const { stdout } = await shell.run({ script: 'printf %s "${SSH_CONNECTION:-}"', timeoutMs: 15_000 });
  return stdout.split(' ')[0] || unknownOrigin;
}

/**
 * Appends under a lock, so that the log can be turned over once it is large; one old log is kept. A log that
 * is no plain file of ours (a link laid by somebody else) is not written to. The nodes' logs are in folders
 * next to it, which the server's user has to reach.
 */
const appendScript = `
umask 077
read -r log; read -r line
(umask 022; mkdir -p "\${log%/*}") && exec 9>>"$log.guard" || exit 73
flock -w 10 9 || exit 75
if [ -L "$log" ]; then echo "$log is a symbolic link" >&2; exit 73; fi
if [ -f "$log" ] && [ "$(wc -c <"$log")" -gt 4194304 ]; then mv -f "$log" "$log.1" || exit 73; fi
printf '%s\\n' "$line" >>"$log"
`;
