import { canonicalDirective } from '../inventory/directives.ts';
import { isSecretDirective } from '../inventory/secret-directives.ts';
import { sameDirectiveValue } from './compare.ts';
import { type Directives, directiveMutability, isLiveDirective } from './directives.ts';

/** CONFIG GET by name, as a server has it that was given no configuration at all. */
export type Defaults = Readonly<Record<string, string>>;

/** A directive that a running server has, which nothing asks for any more. */
export type Leftover = {
  readonly directive: string;
  /** As CONFIG GET showed it. */
  readonly from: string;
  /** The default of the server; undefined: not known. */
  readonly to: string | undefined;
  readonly needsRestart: boolean;
};

type Server = {
  /** CONFIG GET *, secrets masked. */
  readonly live: Readonly<Record<string, string>>;
  readonly desired: Directives;
  /** The file on the host. */
  readonly onDisk: Directives;
  /** undefined: not known; then only what the file on the host still has is found. */
  readonly defaults: Defaults | undefined;
  /** The server was started before its file was written: it may have read another one. */
  readonly isOlderThanFile: boolean;
};

/**
 * What was set live and stands in no file, and what was taken out of the inventory: a running server keeps
 * both until it is told otherwise. One that needs a restart counts only where a restart would end it: the
 * file still has it, or was written since the server started. Pure.
 */
export function leftoversOf({
  live,
  desired,
  onDisk,
  defaults,
  isOlderThanFile,
}: Server): readonly Leftover[] {
  const wanted = new Set(Object.keys(desired).map(canonicalDirective));
  const filed = new Set(Object.keys(onDisk).map(canonicalDirective));
  const known = new Map(Object.entries(defaults ?? {}).map(([name, to]) => [canonicalDirective(name), to]));
  const names = new Map(Object.keys(live).map((name) => [canonicalDirective(name), name]));
  return [...names].flatMap(([canonical, directive]): readonly Leftover[] => {
    if (wanted.has(canonical) || !isLiveDirective(canonical) || isSecretDirective(canonical)) return [];
    const from = live[directive] ?? '';
    const to = notOfScratch.has(canonical) ? notOfScratch.get(canonical) : known.get(canonical);
    if (to === undefined)
      return filed.has(canonical) && from !== writtenAlways[directive]
        ? [{ directive, from, to, needsRestart: directiveMutability(canonical) === 'restart' }]
        : [];
    if (isOfServer(canonical, from) || sameDirectiveValue(canonical, to, from)) return [];
    const needsRestart = directiveMutability(canonical) === 'restart';
    if (needsRestart && !filed.has(canonical) && !isOlderThanFile) return [];
    return [{ directive, from, to, needsRestart }];
  });
}

/**
 * The server that tells the defaults runs with values of its own for these (`scratchServer`). undefined: the
 * tool always has it in the file.
 */
const notOfScratch: ReadonlyMap<string, string | undefined> = new Map([
  ['unixsocket', ''],
  ['unixsocketperm', '0'],
  ...[
    'port',
    'cluster-enabled',
    'dir',
    'appendonly',
    'save',
    'daemonize',
    'supervised',
    'pidfile',
    'logfile',
  ].map((name) => [name, undefined] as const),
]);

/**
 * Not the operator's: the server follows its role and its limit of files, commands of the tool keep a replica
 * from being elected, and from 8.0 on a server has one database in cluster mode.
 */
const isOfServer = (directive: string, live: string): boolean =>
  ['replicaof', 'maxclients', 'cluster-replica-no-failover'].includes(directive) ||
  (directive === 'databases' && live === '1');

/** What CONFIG REWRITE writes also where it has its default (config.c of 7.0), and that default. */
const writtenAlways: Readonly<Record<string, string>> = {
  'latency-tracking-info-percentiles': '50 99 99.9',
};
