import { canonicalDirective } from '../inventory/directives.ts';
import { settingLimits } from './setting-limits.ts';

/**
 * Directives that cannot lose a write or lock anybody out, whatever their value: they change how fast, how
 * often or how loudly something is done. Those that take memory are in `settingLimits`. Reviewed against
 * config.c of Redis 6.2 to 8 and Valkey 8; a name that is not here counts as dangerous.
 */
const harmless: ReadonlySet<string> = new Set([
  'active-defrag-cycle-max',
  'active-defrag-cycle-min',
  'active-defrag-ignore-bytes',
  'active-defrag-max-scan-fields',
  'active-defrag-threshold-lower',
  'active-defrag-threshold-upper',
  'active-expire-effort',
  'activedefrag',
  'activerehashing',
  'aof-rewrite-incremental-fsync',
  'aof-timestamp-enabled',
  'cluster-allow-pubsubshard-when-down',
  'cluster-slot-stats-enabled',
  'crash-log-enabled',
  'crash-memcheck-enabled',
  'dual-channel-replication-enabled',
  'dynamic-hz',
  'hide-user-data-from-log',
  'hll-sparse-max-bytes',
  'hz',
  'jemalloc-bg-thread',
  'latency-monitor-threshold',
  'latency-tracking',
  'latency-tracking-info-percentiles',
  'lazyfree-lazy-eviction',
  'lazyfree-lazy-expire',
  'lazyfree-lazy-server-del',
  'lazyfree-lazy-user-del',
  'lazyfree-lazy-user-flush',
  'lfu-decay-time',
  'lfu-log-factor',
  'list-compress-depth',
  'log-format',
  'log-timestamp-format',
  'loglevel',
  'maxmemory-eviction-tenacity',
  'notify-keyspace-events',
  'prefetch-batch-max-size',
  'rdb-save-incremental-fsync',
  'rdbcompression',
  'repl-backlog-ttl',
  'repl-disable-tcp-nodelay',
  'repl-diskless-sync',
  'repl-diskless-sync-max-replicas',
  'replica-lazy-flush',
  'sanitize-dump-payload',
  'slowlog-log-slower-than',
]);

const evicts = 'the server may delete keys to get below the limit';
const crashes = 'what was written since the last save is lost when the server ends';
const acknowledges = 'a failover can lose writes that were acknowledged';
const diverges = 'the replica can hold other keys than its master, or lose its copy';

const seldomHeard = 'replicas drop the link to an idle master, and cannot be elected when it fails';

const refusesWrites =
  'masters refuse writes while fewer replicas keep up, and writes that they accept while more lag behind can be lost';
const isZero = (value: string): boolean => /^0+$/.test(value);

/** What a value of these can lose; values that differ in that are told apart. */
const risks: Readonly<Record<string, string | ((value: string) => string)>> = {
  maxmemory: evicts,
  'maxmemory-policy': evicts,
  'maxmemory-clients': 'clients are disconnected to get below the limit',
  'replica-ignore-maxmemory': evicts,
  // The file is not changed by it, and a start reads one of the two forms alone.
  appendonly: (value) =>
    value === 'no'
      ? 'the next start reads append-only files that end now: everything that is written after this is lost, also what snapshots save'
      : 'a start before the configuration file says so reads dump.rdb alone, and loses what was written after it',
  appendfsync: crashes,
  'no-appendfsync-on-rewrite': crashes,
  save: (value) =>
    value.trim() === ''
      ? 'no snapshot is made by itself, and without append-only files a crash loses everything'
      : 'snapshots are made so seldom that without append-only files a crash loses hours of writes',
  'stop-writes-on-bgsave-error': 'writes are accepted while snapshots fail, and a crash loses them',
  'rdb-del-sync-files': 'a node that keeps nothing else on disk starts empty',
  'shutdown-on-sigterm': crashes,
  'shutdown-on-sigint': crashes,
  'shutdown-timeout': acknowledges,
  'min-replicas-to-write': (value) => (isZero(value) ? acknowledges : refusesWrites),
  'min-replicas-max-lag': (value) => (isZero(value) ? acknowledges : refusesWrites),
  'cluster-require-full-coverage': 'the whole cluster refuses commands when one shard is not served',
  'cluster-allow-reads-when-down':
    'a node that is cut off from the others serves values that are out of date',
  'replica-serve-stale-data':
    'replicas answer reads with an error while they are not linked to their masters',
  'cluster-node-timeout': acknowledges,
  'cluster-replica-validity-factor': acknowledges,
  'replica-priority': acknowledges,
  'cluster-replica-no-failover': 'the replica is not elected when its master fails',
  'repl-diskless-load': diverges,
  'repl-diskless-sync-delay':
    'a replica that needs a full copy waits that long for it, and its shard has none',
  'repl-ping-replica-period': seldomHeard,
  'repl-timeout': seldomHeard,
  'replica-read-only': diverges,
  'replica-ignore-disk-write-errors': diverges,
};

function isAtMost(limit: number): (value: string) => boolean {
  return (value) => value.trim() !== '' && Number(value) <= limit;
}

/** Values that keep more than any other, so that setting them loses nothing. */
const safeValues: Readonly<Record<string, (value: string) => boolean>> = {
  maxmemory: (value) => /^0+$/.test(value),
  'maxmemory-policy': (value) => value === 'noeviction',
  appendfsync: (value) => value === 'always' || value === 'everysec',
  'no-appendfsync-on-rewrite': (value) => value === 'no',
  save: hasFrequentPoint,
  'stop-writes-on-bgsave-error': (value) => value === 'yes',
  'rdb-del-sync-files': (value) => value === 'no',
  'cluster-require-full-coverage': (value) => value === 'no',
  'cluster-allow-reads-when-down': (value) => value === 'no',
  'replica-serve-stale-data': (value) => value === 'yes',
  'replica-read-only': (value) => value === 'yes',
  'cluster-replica-no-failover': (value) => value === 'no',
  'repl-diskless-load': (value) => value === 'disabled',
  'repl-diskless-sync-delay': isAtMost(60),
  // The default, in seconds; a master that nobody writes to is silent in between.
  'repl-ping-replica-period': isAtMost(10),
  'repl-timeout': (value) => Number(value) >= 30,
  'replica-ignore-disk-write-errors': (value) => value === 'no',
};

/**
 * What can be lost when a running server gets this value, as the end of a sentence; undefined: nothing. A
 * directive that is not known (of a module or a newer server) can lose anything.
 */
export function riskOfSetting(name: string, value: string): string | undefined {
  const canonical = canonicalDirective(name.toLowerCase());
  if (harmless.has(canonical) || safeValues[canonical]?.(value.toLowerCase()) === true) return undefined;
  const limit = settingLimits[canonical];
  if (limit) return limit.isSafe(value.toLowerCase()) ? undefined : limit.risk;
  const risk = risks[canonical];
  if (typeof risk === 'function') return risk(value.toLowerCase());
  return risk ?? 'applications or the other nodes may be cut off, or data lost';
}

/**
 * Some point of `SECONDS CHANGES …` has what few clients write on disk within the hour, as the server's own
 * do.
 */
export function hasFrequentPoint(value: string): boolean {
  const words = value.trim().split(/\s+/).map(Number);
  return words.some(
    (seconds, index) => index % 2 === 0 && seconds <= 3600 && (words[index + 1] ?? Number.NaN) <= 100,
  );
}
