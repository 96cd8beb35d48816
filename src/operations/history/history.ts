import { OperationError } from '../../base/errors.ts';
import type { AuditLine } from '../../session/audit/line.ts';
import { endOf, type HostLog, readAuditLog } from '../../session/audit/read.ts';
import { type Station, stationsOf } from '../../session/stations.ts';
import type { Session } from '../../session/session.ts';

/** One command, merged from the logs of all hosts. */
export type HistoryEntry = Omit<AuditLine, 'from'> & {
  /** Where the connections came from, as the hosts saw it. */
  readonly from: readonly string[];
  /** Hosts whose log has it. */
  readonly hosts: readonly string[];
  /** Hosts whose log was read for that time and lacks it: they were away, or somebody took a line out. */
  readonly missingOn: readonly string[];
};

export type HistoryReport = {
  /** Newest last. */
  readonly entries: readonly HistoryEntry[];
  /** Hosts whose log could not be read, and why. */
  readonly unread: Readonly<Record<string, string>>;
};

/**
 * What was done to the cluster, from the audit logs of all connected hosts. Changes nothing and waits for no
 * lock. `limit`: at most so many commands, the newest.
 */
export async function history(
  session: Session,
  { limit }: { readonly limit: number },
): Promise<HistoryReport> {
  const unread = new Map([...session.unreachable].map(([host, { message }]) => [host, message]));
  const logs = await Promise.all(
    stationsOf(session).map(async (station) => {
      try {
        return await readLog(session, station, limit);
      } catch (error) {
        if (!(error instanceof OperationError)) throw error;
        unread.set(station.host, error.message);
        return undefined;
      }
    }),
  );
  const entries = mergeLogs(logs.filter((log) => log !== undefined));
  return { entries: entries.slice(-limit), unread: Object.fromEntries(unread) };
}

/** One entry per run, by when it began. Where hosts differ, a known outcome wins over `abandoned`. */
export function mergeLogs(logs: readonly HostLog[]): readonly HistoryEntry[] {
  const runs = new Map<string, { host: string; line: AuditLine }[]>();
  for (const { host, lines } of logs)
    for (const line of lines) runs.set(line.run, [...(runs.get(line.run) ?? []), { host, line }]);
  return [...runs.values()]
    .map((seen) => {
      const { line } = seen.find((each) => each.line.outcome !== 'abandoned') ?? seen[0] ?? {};
      if (!line) return undefined;
      const hosts = [...new Set(seen.map(({ host }) => host))];
      const missingOn = logs
        .filter(({ host, readSince }) => !hosts.includes(host) && endOf(line) > readSince)
        .map(({ host }) => host);
      return { ...line, from: [...new Set(seen.map((each) => each.line.from))], hosts, missingOn };
    })
    .filter((entry) => entry !== undefined)
    .toSorted((one, other) => (one.since < other.since ? -1 : 1));
}

/** Lines are in the order in which runs ended, so more are read than asked for. */
async function readLog(session: Session, station: Station, limit: number): Promise<HostLog> {
  const { cluster } = session.inventory;
  const log = await readAuditLog(station, { cluster, count: limit * 2 });
  if (log.damaged > 0) {
    const message = `${log.damaged} lines of ${station.locations.audit} cannot be understood`;
    session.emit({ type: 'warning', host: station.host, message });
  }
  return log;
}
