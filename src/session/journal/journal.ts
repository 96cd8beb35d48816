import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { HostsFailedError, LockLostError, OperationError } from '../../base/errors.ts';
import { runChange } from '../../host/change.ts';
import { chooseCopy } from './choose.ts';
import type { Copy } from './choose.ts';
import { describeOperator } from '../operator.ts';
import { stationCount, stationsOf } from '../stations.ts';
import type { Station } from '../stations.ts';
import type { Session } from '../session.ts';

const drainSchema = z.object({
  /** ISO 8601, by the operator's clock. */
  since: z.string(),
  /** `user@machine` */
  by: z.string(),
  /** The nodes on the host that were masters and are to be masters again, by inventory id. */
  masters: z.array(z.string()),
});

const restartSchema = z.object({
  since: z.string(),
  by: z.string(),
  nodes: z.array(z.string()),
  runIds: z.record(z.string(), z.string()),
  masters: z.array(z.string()),
  /** The command that it is a part of; none: `restart` itself. */
  command: z.literal('provision').optional(),
});

const drillSchema = z.object({
  since: z.string(),
  by: z.string(),
  /** The node that the drill brought down and has to start again. */
  node: z.string(),
});

const journalSchema = z.object({
  schemaVersion: z.literal(1),
  /** Higher is newer: a host that was away has an older one. */
  revision: z.int(),
  /** Id of the write: two commands that reached different hosts may have written the same revision. */
  write: z.string().optional(),
  /** By host name. */
  drained: z.record(z.string(), drainSchema),
  /** A rolling restart that was begun and not finished. */
  restart: restartSchema.optional(),
  /** A drill that was begun and not finished. */
  drill: drillSchema.optional(),
});

/**
 * The journal: what no node can remember. What was where before a host was drained, how far a rolling restart
 * has come. Every host has a copy, readable by root alone; any operator's machine can be lost.
 */
export type Journal = Readonly<z.infer<typeof journalSchema>>;
export type RestartEntry = Readonly<z.infer<typeof restartSchema>>;

const nothing: Journal = { schemaVersion: 1, revision: 0, drained: {} };

/** What the hosts that could be read have. */
export type JournalReading = {
  readonly journal: Journal;
  /**
   * Why that may not be all: so few hosts were read that a write may have reached a majority without them.
   * undefined: it is all.
   */
  readonly unread: string | undefined;
};

/**
 * For a command that holds the lock: as `askJournal`. What is not known is a warning, as long as a majority
 * of the connected hosts can be read: a command that may work with a minority has to. Throws HostsFailedError
 * otherwise.
 */
export async function readJournal(session: Session): Promise<Journal> {
  const { journal, unread, damaged } = await readCopies(session);
  if (damaged.length > 0 && damaged.length * 2 >= stationsOf(session).length)
    throw new HostsFailedError('reading the journal', damaged);
  if (unread !== undefined)
    session.emit({
      type: 'warning',
      message: `${unread}: hosts that are drained may not be known as such`,
    });
  return journal;
}

/**
 * The copy that counts (`chooseCopy`), with the highest revision that any host has: the next write is above
 * all. A copy that cannot be read is a warning. A write is on a majority of all hosts: where fewer than half
 * were read there may be one that none of them has.
 */
export async function askJournal(session: Session): Promise<JournalReading> {
  const { journal, unread } = await readCopies(session);
  return { journal, unread };
}

async function readCopies(
  session: Session,
): Promise<JournalReading & { readonly damaged: readonly OperationError[] }> {
  const stations = stationsOf(session);
  const copies = await Promise.all(stations.map(readCopy));
  const damaged = copies.flatMap((copy) => (copy instanceof OperationError ? [copy] : []));
  for (const { host, message, hints } of damaged)
    session.emit({ type: 'warning', message, hints, ...(host !== undefined && { host }) });
  const readable = copies.flatMap((copy) =>
    copy === undefined || copy instanceof OperationError ? [] : [copy],
  );
  const hosts = stationCount(session.inventory);
  const read = stations.length - damaged.length;
  const { winner, revision } = chooseCopy(readable, hosts);
  return {
    journal: { ...(winner?.entry ?? nothing), revision },
    unread: read * 2 >= hosts ? undefined : describeUnread(read, hosts, damaged),
    damaged,
  };
}

function describeUnread(read: number, hosts: number, damaged: readonly OperationError[]): string {
  const reasons = damaged.map(({ host, message }) => `${host ?? ''}: ${message}`);
  return [`the journal could be read on ${read} of ${hosts} hosts`, ...reasons].join('; ');
}

/**
 * Writes the next revision to every connected host, under the lock. Throws HostsFailedError when no majority
 * of the hosts has it then: the lock's next holder could miss it.
 */
export async function writeJournal(
  session: Session,
  previous: Journal,
  change: { [Field in 'drained' | 'restart' | 'drill']?: Journal[Field] | undefined },
): Promise<Journal> {
  const write = `${describeOperator()} ${randomUUID()}`;
  // A field that is set to undefined is forgotten: JSON has no undefined.
  const journal = journalSchema.parse(
    JSON.parse(JSON.stringify({ ...previous, ...change, revision: previous.revision + 1, write })),
  );
  const outcomes = await Promise.allSettled(
    stationsOf(session).map((station) => writeCopy(station, JSON.stringify(journal))),
  );
  const failures = outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' && outcome.reason instanceof OperationError ? [outcome.reason] : [],
  );
  const lost = failures.find((failure) => failure instanceof LockLostError);
  if (lost) throw lost;
  const written = outcomes.filter(({ status }) => status === 'fulfilled').length;
  if (written * 2 <= stationCount(session.inventory))
    throw new HostsFailedError('writing the journal', failures);
  for (const { host, message } of failures)
    session.emit({ type: 'warning', message, ...(host !== undefined && { host }) });
  return journal;
}

/** undefined: the host has no copy. An OperationError: it cannot be read or understood. */
async function readCopy({
  host,
  shell,
  locations,
}: Station): Promise<Copy<Journal> | OperationError | undefined> {
  const about = { host, file: locations.journal };
  try {
    const { code, stdout, stderr } = await shell.run({
      script: `read -r file; [ -e "$file" ] || exit ${noCopy}; cat "$file"`,
      stdin: `${locations.journal}\n`,
      asRoot: true,
      timeoutMs: 15_000,
    });
    if (code === noCopy) return undefined;
    if (code !== 0) return unusable({ ...about, why: stderr.trim() });
    return parseCopy(stdout, about);
  } catch (error) {
    if (error instanceof OperationError) return unusable({ ...about, why: error.message, cause: error });
    throw error;
  }
}

/** The exit code that says that there is no file, which an empty one does not. */
const noCopy = 66;

function parseCopy(text: string, about: { readonly host: string; readonly file: string }) {
  try {
    const journal = journalSchema.parse(JSON.parse(text));
    return { entry: journal, revision: journal.revision, write: journal.write ?? text };
  } catch (cause) {
    return unusable({ ...about, why: 'it is not what this version writes', cause });
  }
}

async function writeCopy({ host, shell, locations }: Station, text: string): Promise<void> {
  const { code, stderr } = await runChange(shell, {
    change: 'the journal',
    script: writeScript,
    stdin: `${locations.journal}\n${text}\n`,
    asRoot: true,
    timeoutMs: 15_000,
  });
  if (code !== 0) throw unusable({ host, file: locations.journal, why: stderr.trim() });
}

/**
 * Written under another name, synced, then renamed: a power loss leaves the old or the new. The folder above
 * the cluster's own is that of the nodes' data as well, and the server's user has to get through it.
 */
const writeScript = `
set -e
umask 077
read -r file; read -r text
folder=\${file%/*}
(umask 022; mkdir -p "\${folder%/*}")
mkdir -p "$folder"
[ ! -d "$file" ] || { echo 'it is a folder' >&2; exit 1; }
printf '%s\\n' "$text" >"$file.new"
sync "$file.new" 2>/dev/null || sync
mv -f "$file.new" "$file"
sync "$folder" 2>/dev/null || sync
`;

function unusable(about: {
  readonly host: string;
  readonly file: string;
  readonly why: string;
  readonly cause?: unknown;
}): OperationError {
  return new OperationError(`the journal ${about.file} cannot be used: ${about.why}`, {
    host: about.host,
    cause: about.cause,
    hints: [
      `Remove ${about.file} on ${about.host} when it is damaged: the other hosts have copies, and the next command that writes the journal replaces it.`,
    ],
  });
}
