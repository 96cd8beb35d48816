import type { FolderContents } from '../facts.ts';
import type { StreamPosition } from '../facts/rdb-header.ts';
import { appendOnlyContent, type Content, dumpContent } from './reads.ts';

/** A copy of a shard's data on a disk, as a start of its node would read it. */
export type StoredCopy = {
  readonly kind: 'snapshot' | 'append-only';
  readonly content: Content;
  /**
   * When the snapshot was begun, or the append-only files were last written; ms since the epoch by the host's
   * clock.
   */
  readonly time: number | undefined;
  /** When something was last written to an append-only file that holds writes alone. */
  readonly lastWrite?: number | undefined;
  /** Of a snapshot that says it. */
  readonly position?: StreamPosition | undefined;
  readonly keys?: number | undefined;
};

/** What a start with `appendonly` so, of a server of this version, reads in a folder. Pure. */
export function storedCopy(folder: FolderContents, isOn: boolean, version: string | undefined): StoredCopy {
  return isOn ? appendOnlyCopy(folder, version) : snapshotCopy(folder);
}

function snapshotCopy(folder: FolderContents): StoredCopy {
  const content = dumpContent(folder);
  const { dump } = folder;
  if (content === 'nothing' || !dump) return { kind: 'snapshot', content, time: undefined };
  const format = dump.format.kind === 'rdb' ? dump.format : undefined;
  return {
    kind: 'snapshot',
    content,
    time: format?.begun ?? dump.modified,
    position: format?.position,
    keys: format?.keys,
  };
}

/** An empty file of writes says when it was made, not when something was written. */
function appendOnlyCopy(folder: FolderContents, version: string | undefined): StoredCopy {
  const { appendOnly = [], single } = folder;
  const files = appendOnly.length > 0 ? appendOnly : [{ type: 'increment' as const, file: single }];
  const filled = files.flatMap(({ type, file }) =>
    file && file.size > 0 ? [{ type, at: file.modified }] : [],
  );
  const writes = filled.filter(({ type }) => type === 'increment');
  return {
    kind: 'append-only',
    content: appendOnlyContent(folder, version),
    time: latest(filled.map(({ at }) => at)),
    lastWrite: latest(writes.map(({ at }) => at)),
  };
}

const latest = (times: readonly number[]): number | undefined =>
  times.length > 0 ? Math.max(...times) : undefined;

/**
 * How a master's copy stands to its replica's. `behind`: it lacks what the replica has. `perhaps`: it may.
 */
export type Standing = 'behind' | 'perhaps' | 'level';

/**
 * Hosts' clocks are within this of each other (`requireClocks`), and the times of files right to a second.
 */
const clockMs = 6_000;

/**
 * Append-only files are written on both sides as a write comes in; after a power loss the last seconds are
 * missing.
 */
const writeMs = 60_000;

/**
 * Snapshots of one stream of writes are compared by their offsets. Of other copies only times are known: they
 * show that one may be newer, never that it is. Pure.
 */
export function compareCopies(own: StoredCopy, other: StoredCopy): Standing {
  if (other.content !== 'data') return 'level';
  if (own.content === 'nothing') return 'behind';
  const [mine, its] = [own.position, other.position];
  if (mine && its && mine.id === its.id)
    return its.offset - mine.offset > pingBytes(own, other) ? 'behind' : 'level';
  if (own.content === 'empty') return 'behind';
  return isLater(own, other) ? 'perhaps' : 'level';
}

function isLater(own: StoredCopy, other: StoredCopy): boolean {
  const isBoth = own.kind === 'snapshot' && other.kind === 'snapshot';
  const [mine, its] = [own.time, isBoth ? other.time : other.lastWrite];
  return mine !== undefined && its !== undefined && its - mine > (isBoth ? clockMs : writeMs);
}

/**
 * What a master that nobody writes to has sent meanwhile: a PING of 14 bytes every repl-ping-replica-period
 * (10 s by default) raises the offset as writes do.
 */
function pingBytes(own: StoredCopy, other: StoredCopy): number {
  const difference = (other.position?.offset ?? 0) - (own.position?.offset ?? 0);
  const seconds = Math.max(0, (other.time ?? 0) - (own.time ?? 0)) / 1000;
  const isPings = difference % 14 === 0 && difference / 14 <= seconds / 10 + 1;
  return isPings ? difference : 0;
}

/** For people: `dump.rdb of 2023-11-14 22:13 with 341 keys`. */
export function describeCopy({ kind, content, time, keys }: StoredCopy): string {
  if (content === 'nothing') return 'nothing that it would read';
  const at = time === undefined ? 'of unknown age' : dateOf(time);
  const holds = content === 'empty' ? ' without a key' : keys === undefined ? '' : ` with ${keys} keys`;
  return kind === 'snapshot' ? `dump.rdb of ${at}${holds}` : `append-only files last written ${at}${holds}`;
}

/** `2023-11-14 22:13`, in UTC. */
export const dateOf = (time: number): string => new Date(time).toISOString().slice(0, 16).replace('T', ' ');
