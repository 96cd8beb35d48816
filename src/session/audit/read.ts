import { OperationError } from '../../base/errors.ts';
import type { Station } from '../stations.ts';
import { type AuditLine, parseAuditLog } from './line.ts';

/** What was read of one host's log: lines of one cluster, oldest first. */
export type HostLog = {
  readonly host: string;
  readonly lines: readonly AuditLine[];
  /** Lines that cannot be understood. */
  readonly damaged: number;
  /** Runs that ended before this are not in what was read; ms since the epoch, `-Infinity` for all of it. */
  readonly readSince: number;
};

/**
 * Several clusters share a host's log, so its lines are chosen by the cluster before the newest are. Prints
 * the oldest line of the log that was turned over first: what ended before it was in a log that is gone. A
 * line without a cluster was cut off by a full disk.
 */
const script = `
read -r log; read -r count; read -r mine
oldest=
if [ -e "$log.1" ]; then oldest=$(head -n 1 -- "$log.1") || exit 1; fi
printf '%s\\n' "$oldest"
export mine
for file in "$log.1" "$log"; do if [ -e "$file" ]; then cat "$file" || exit 1; fi; done |
  LC_ALL=C awk 'index($0, ENVIRON["mine"]) || !index($0, "\\"cluster\\":\\"")' | tail -n "$count"`;

/** The newest `count` lines of a cluster in a host's log. Throws OperationError when it cannot be read. */
export async function readAuditLog(
  { host, shell, locations }: Pick<Station, 'host' | 'shell' | 'locations'>,
  { cluster, count }: { readonly cluster: string; readonly count: number },
): Promise<HostLog> {
  const { code, stdout, stderr } = await shell.run({
    // As `formatAuditLine` writes it; quotes inside a command are escaped there.
    stdin: `${locations.audit}\n${count}\n"cluster":${JSON.stringify(cluster)}\n`,
    script,
    asRoot: true,
    timeoutMs: 15_000,
  });
  if (code !== 0) throw new OperationError(`${locations.audit} cannot be read: ${stderr.trim()}`, { host });
  const end = stdout.indexOf('\n') + 1;
  const [turnedOver] = parseAuditLog(stdout.slice(0, end)).lines;
  const { lines, damaged } = parseAuditLog(stdout.slice(end));
  const isCut = lines.length + damaged >= count;
  const oldest = isCut ? lines[0] : turnedOver;
  return {
    host,
    lines: lines.filter((line) => line.cluster === cluster),
    damaged,
    readSince: oldest ? endOf(oldest) : Number.NEGATIVE_INFINITY,
  };
}

/** When a line was written, as far as it says so: one that another run wrote later has no duration. */
export const endOf = ({ since, durationMs = 0 }: AuditLine): number => Date.parse(since) + durationMs;
