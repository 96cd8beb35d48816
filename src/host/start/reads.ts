import type { DataFile, FolderContents } from '../facts.ts';
import type { Directives } from '../../render/directives.ts';

/** nothing: no file at all; empty: files of a data set without a key. */
export type Content = 'data' | 'empty' | 'nothing';

/** The persistence of a configuration, as far as a start and a crash depend on it. */
export type Persistence = { readonly appendOnly: boolean; readonly snapshots: boolean };

/**
 * As the server understands the directives; without any of them it has its own defaults (appendonly no, save
 * points).
 */
export function persistenceOf(directives: Directives): Persistence {
  const points = directives['save']?.reduce<readonly string[]>(
    (before, line) => (line.join('') === '' ? [] : [...before, ...line]),
    [],
  );
  return {
    appendOnly: directives['appendonly']?.at(-1)?.[0]?.toLowerCase() === 'yes',
    snapshots: points === undefined || points.length > 0,
  };
}

/**
 * From 7.0 on the append-only file is a folder with a manifest. undefined: the server is not installed yet.
 */
const hasManifests = (version: string | undefined): boolean =>
  version === undefined || Number.parseInt(version, 10) >= 7;

/** What the append-only files hold that a server of this version would read with `appendonly yes`. */
export function appendOnlyContent(folder: FolderContents, version: string | undefined): Content {
  const { appendOnly, single } = folder;
  if (!hasManifests(version)) return contentOf(single);
  // Without a manifest, or with one that names nothing, the single file is taken over (aof.c,
  // loadAppendOnlyFiles).
  if (appendOnly === undefined || appendOnly.length === 0) return contentOf(single);
  const contents = appendOnly.map(({ file }) => contentOf(file));
  if (contents.includes('data')) return 'data';
  return contents.includes('empty') ? 'empty' : 'nothing';
}

/** What the snapshot holds, which `appendonly no` reads. */
export const dumpContent = ({ dump }: FolderContents): Content =>
  dump?.size === 0 ? 'nothing' : contentOf(dump);

function contentOf(file: DataFile | undefined): Content {
  if (file === undefined) return 'nothing';
  if (file.size === 0) return 'empty';
  return file.format.kind === 'rdb' && file.format.isEmpty ? 'empty' : 'data';
}

/**
 * Something may have been written to the append-only files after the snapshot was begun: in the same second,
 * too.
 */
export const appendOnlyIsNewer = (folder: FolderContents): boolean => msAhead(folder) >= 0;

/** The snapshot was begun after the last write to the append-only files, and so has all that they have. */
export const dumpHasAll = (folder: FolderContents): boolean => msAhead(folder) < 0;

/**
 * Something there shows that it has keys: a snapshot, or the base of the append-only files. Writes alone show
 * nothing, since they may have deleted all that they made; a snapshot that is newer than they are decides.
 */
export function certainlyHasKeys(folder: FolderContents): boolean {
  const inSnapshot = keysOf(folder.dump);
  if (dumpHasAll(folder) && inSnapshot !== undefined) return inSnapshot > 0;
  const bases = (folder.appendOnly ?? []).flatMap(({ type, file }) => (type === 'base' ? [file] : []));
  return [inSnapshot, ...bases.map(keysOf)].some((keys = 0) => keys > 0);
}

const keysOf = (file: DataFile | undefined): number | undefined =>
  file?.format.kind === 'rdb' ? (file.format.isEmpty ? 0 : file.format.keys) : undefined;

/**
 * How long after the snapshot was begun the append-only files were last written; times are right to a second.
 */
function msAhead({ dump, appendOnly, single }: FolderContents): number {
  const files = [single, ...(appendOnly ?? []).map(({ file }) => file)];
  const times = files.flatMap((file) => (file !== undefined && file.size > 0 ? [file.modified] : []));
  if (times.length === 0) return Number.NEGATIVE_INFINITY;
  if (!dump) return Number.POSITIVE_INFINITY;
  const begun = dump.format.kind === 'rdb' ? dump.format.begun : undefined;
  return Math.max(...times) - (begun ?? dump.modified);
}

/**
 * The running server has not finished the first rewrite since `appendonly` was switched on: until then the
 * files that a start reads end where it was switched off. A rewrite of a server that has everything in its
 * files is no such case.
 */
export function isFirstRewrite(
  { isSwitching }: FolderContents,
  info: Readonly<Partial<Record<string, string>>>,
): boolean {
  return (
    info['aof_rewrite_scheduled'] === '1' || (isSwitching === true && info['aof_rewrite_in_progress'] === '1')
  );
}

/** The manifest names a base, and it is there: what `appendonly yes` needs to have everything on disk. */
export function isBaseComplete({ appendOnly, single }: FolderContents, version: string | undefined): boolean {
  const hasBase = appendOnly?.some(({ type, file }) => type === 'base' && file !== undefined) === true;
  return hasBase || (!hasManifests(version) && single !== undefined);
}
