import type { DataFile, FolderContents } from '../facts.ts';

type Server = 'redis' | 'valkey';

/**
 * RDB_VERSION (rdb.h) by release, the newest that a server reads. Newer releases than the last of a list read
 * what nobody here knows, and nothing is said of them.
 */
const newest: Readonly<Record<Server, readonly (readonly [release: string, version: number])[]>> = {
  redis: [
    ['6.2', 9],
    ['7.0', 10],
    ['7.2', 11],
    ['7.4', 12],
    ['8.0', 12],
  ],
  valkey: [
    ['7.2', 11],
    ['8.0', 11],
    ['8.1', 11],
    ['9.0', 80],
  ],
};

/**
 * Valkey writes VALKEY080 from 9.0 on; Redis from 7.4 on writes numbers that Valkey keeps for itself (12 to
 * 79).
 */
const valkeyOwn = 80;

/** Files that a server of this release cannot read, each as a clause. Pure. */
export function filesTooNew(
  server: { readonly kind: Server; readonly version: string | undefined },
  folder: FolderContents,
): readonly string[] {
  const limit = newest[server.kind].find(([release]) => server.version?.startsWith(`${release}.`))?.[1];
  if (limit === undefined) return [];
  const files: readonly (readonly [string, DataFile | undefined])[] = [
    ['dump.rdb', folder.dump],
    ['appendonly.aof', folder.single],
    ...(folder.appendOnly ?? []).map(({ name, file }) => [`appendonlydir/${name}`, file] as const),
  ];
  return files.flatMap(([name, file]) => {
    if (file?.format.kind !== 'rdb') return [];
    const { program, version } = file.format;
    const isReadable =
      program === 'VALKEY'
        ? server.kind === 'valkey' && version <= limit
        : version <= Math.min(limit, valkeyOwn - 1) && !(server.kind === 'valkey' && version > 11);
    return isReadable ? [] : [`${name} has RDB version ${version} (${program})`];
  });
}
