import * as z from 'zod';
import { HostsFailedError, OperationError } from '../errors.ts';
import { stationCount, stationsOf } from './places.ts';
import type { Station } from './places.ts';
import type { Session } from './session.ts';

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
});

const drillSchema = z.object({
  since: z.string(),
  by: z.string(),
  /** The node that the drill brought down and has to start again. */
  node: z.string(),
});

const memorySchema = z.object({
  schemaVersion: z.literal(1),
  /** Higher is newer: a host that was away has an older one. */
  revision: z.int(),
  /** By host name. */
  drained: z.record(z.string(), drainSchema),
  /** A rolling restart that was begun and not finished. */
  restart: restartSchema.optional(),
  /** A drill that was begun and not finished. */
  drill: drillSchema.optional(),
});

/**
 * What no node can remember for us: what was where before a host was drained, how far a rolling restart has come.
 * Every host has a copy, readable by root alone, and the newest counts; any operator's machine can be lost.
 */
export type Memory = Readonly<z.infer<typeof memorySchema>>;
export type RestartMemory = Readonly<z.infer<typeof restartSchema>>;

const nothing: Memory = { schemaVersion: 1, revision: 0, drained: {} };

/** The newest copy on the connected hosts. Throws OperationError when a host's copy cannot be read or understood. */
export async function readMemory(session: Session): Promise<Memory> {
  const copies = await Promise.all(stationsOf(session).map(readCopy));
  return copies.reduce((newest, copy) => (copy.revision > newest.revision ? copy : newest), nothing);
}

/**
 * Writes the next revision to every connected host, under the lock. Throws HostsFailedError when no majority of the
 * hosts has it then: whoever holds the lock next could miss it.
 */
export async function writeMemory(
  session: Session,
  previous: Memory,
  change: { [Field in 'drained' | 'restart' | 'drill']?: Memory[Field] | undefined },
): Promise<Memory> {
  // A field that is set to undefined is forgotten: JSON has no undefined.
  const memory = memorySchema.parse(
    JSON.parse(JSON.stringify({ ...previous, ...change, revision: previous.revision + 1 })),
  );
  const outcomes = await Promise.allSettled(
    stationsOf(session).map((station) => writeCopy(station, JSON.stringify(memory))),
  );
  const failures = outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' && outcome.reason instanceof OperationError ? [outcome.reason] : [],
  );
  const written = outcomes.filter(({ status }) => status === 'fulfilled').length;
  if (written * 2 <= stationCount(session.inventory))
    throw new HostsFailedError('remembering what was where', failures);
  for (const { host, message } of failures)
    session.emit({ type: 'warning', message, ...(host !== undefined && { host }) });
  return memory;
}

async function readCopy({ host, shell, places }: Station): Promise<Memory> {
  const { code, stdout, stderr } = await shell.run({
    script: 'read -r file; [ ! -e "$file" ] || cat "$file"',
    stdin: `${places.memory}\n`,
    asRoot: true,
    timeoutMs: 15_000,
  });
  if (code !== 0) throw unusable({ host, file: places.memory, why: stderr.trim() });
  if (stdout === '') return nothing;
  try {
    return memorySchema.parse(JSON.parse(stdout));
  } catch (cause) {
    throw unusable({ host, file: places.memory, why: 'it is not what this version writes', cause });
  }
}

async function writeCopy({ host, shell, places }: Station, text: string): Promise<void> {
  const { code, stderr } = await shell.run({
    script: writeScript,
    stdin: `${places.memory}\n${text}\n`,
    asRoot: true,
    timeoutMs: 15_000,
  });
  if (code !== 0) throw unusable({ host, file: places.memory, why: stderr.trim() });
}

/**
 * Beside, synced, then renamed: a power loss leaves the old or the new. The folder above the cluster's own is that of
 * the nodes' data as well, and the server's user has to get through it.
 */
const writeScript = `
set -e
umask 077
read -r file; read -r text
folder=\${file%/*}
(umask 022; mkdir -p "\${folder%/*}")
mkdir -p "$folder"
printf '%s\\n' "$text" >"$file.new"
sync "$file.new" 2>/dev/null || sync
mv -f "$file.new" "$file"
`;

function unusable(about: {
  readonly host: string;
  readonly file: string;
  readonly why: string;
  readonly cause?: unknown;
}): OperationError {
  return new OperationError(`${about.file} cannot be used: ${about.why}`, {
    host: about.host,
    cause: about.cause,
    hints: [
      'It holds what was where before a host was drained. If that no longer matters, remove the file on every host.',
    ],
  });
}
