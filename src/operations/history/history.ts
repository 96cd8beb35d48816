import { OperationError } from '../../base/errors.ts';
import { parseAuditLog } from '../../session/audit/line.ts';
import type { AuditLine } from '../../session/audit/line.ts';
import { stationsOf } from '../../session/stations.ts';
import type { Station } from '../../session/stations.ts';
import type { Session } from '../../session/session.ts';

/** One command, merged from the logs of all hosts. */
export type HistoryEntry = Omit<AuditLine, 'from'> & {
  /** Where the connections came from, as the hosts saw it. */
  readonly from: readonly string[];
  /** Hosts whose log has it. */
  readonly hosts: readonly string[];
  /** Hosts whose log was read and lacks it: they were away, or somebody took a line out. */
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
        return { host: station.host, lines: await readLog(session, station, limit) };
      } catch (error) {
        if (!(error instanceof OperationError)) throw error;
        unread.set(station.host, error.message);
        return undefined;
      }
    }),
  );
  const entries = mergeLogs(
    logs.filter((log) => log !== undefined),
    session.inventory.cluster,
  );
  return { entries: entries.slice(-limit), unread: Object.fromEntries(unread) };
}

export type HostLog = { readonly host: string; readonly lines: readonly AuditLine[] };

/** One entry per run, by when it began. Where hosts differ, a known outcome wins over `abandoned`. */
function mergeLogs(logs: readonly HostLog[], cluster: string): readonly HistoryEntry[] {
  const runs = new Map<string, { host: string; line: AuditLine }[]>();
  for (const { host, lines } of logs)
    for (const line of lines.filter((each) => each.cluster === cluster))
      runs.set(line.run, [...(runs.get(line.run) ?? []), { host, line }]);
  return [...runs.values()]
    .map((seen) => {
      const { line } = seen.find((each) => each.line.outcome !== 'abandoned') ?? seen[0] ?? {};
      const hosts = [...new Set(seen.map(({ host }) => host))];
      const missingOn = logs.map(({ host }) => host).filter((host) => !hosts.includes(host));
      return line && { ...line, from: [...new Set(seen.map((each) => each.line.from))], hosts, missingOn };
    })
    .filter((entry) => entry !== undefined)
    .toSorted((one, other) => (one.since < other.since ? -1 : 1));
}

/** Other clusters' commands are in the same log, so more lines are read than asked for. */
async function readLog(
  session: Session,
  { host, shell, locations }: Station,
  limit: number,
): Promise<readonly AuditLine[]> {
  const { code, stdout, stderr } = await shell.run({
    script: `read -r log; read -r count
for file in "$log.1" "$log"; do if [ -e "$file" ]; then cat "$file" || exit 1; fi; done | tail -n "$count"`,
    stdin: `${locations.audit}\n${limit * 4}\n`,
    asRoot: true,
    timeoutMs: 15_000,
  });
  if (code !== 0) throw new OperationError(`${locations.audit} cannot be read: ${stderr.trim()}`, { host });
  const { lines, damaged } = parseAuditLog(stdout);
  if (damaged > 0) {
    const message = `${damaged} lines of ${locations.audit} cannot be understood`;
    session.emit({ type: 'warning', host, message });
  }
  return lines;
}
