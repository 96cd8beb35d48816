import type { DirectoryState, NodeData } from '../facts.ts';
import { appendOnlyContent, dumpContent } from './reads.ts';

export type FolderSight = {
  readonly dataDirectory: string;
  readonly data: NodeData | undefined;
  /** undefined: the folder is not there. */
  readonly directory: DirectoryState | undefined;
  /** Of the installed server. */
  readonly version: string | undefined;
};

/** What a server without a key leaves: its identity, and files of an empty data set. */
const known: ReadonlySet<string> = new Set(['nodes.conf', 'dump.rdb', 'appendonly.aof', 'appendonlydir']);

/**
 * What keeps a node's data from counting as lost, as a clause that names the place; undefined: its folder is
 * not there, or holds no data. What could not be read counts as data. Pure.
 */
export function remainsOf({ dataDirectory, data, directory, version }: FolderSight): string | undefined {
  if (!data) return `${dataDirectory} was not looked at`;
  if (data.leftBehind !== undefined) return `its data as a node of another server is in ${data.leftBehind}`;
  const { folder } = data;
  if (folder.kind === 'unreadable') return `${folder.path} cannot be read`;
  if (folder.kind === 'absent') return undefined;
  if (!directory) return `${dataDirectory} was not looked at`;
  const others = directory.entries.filter((name) => !known.has(name));
  if (others.length > 0) return `${dataDirectory} holds ${others.slice(0, 5).join(', ')}`;
  // Files that no manifest names are not read by a server, and may be all that is left.
  const lacksManifest = directory.entries.includes('appendonlydir') && (folder.appendOnly ?? []).length === 0;
  if (lacksManifest) return `${dataDirectory}/appendonlydir holds files that no manifest names`;
  const contents = [
    appendOnlyContent(folder, version),
    appendOnlyContent(folder, '6.2'),
    dumpContent(folder),
  ];
  return contents.includes('data') ? `${dataDirectory} holds data` : undefined;
}
