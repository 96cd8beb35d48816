import { canonicalDirective } from '../inventory/directives.ts';

/**
 * Directives that cannot lose a write or lock anybody out, whatever their value: they change how fast, how often or
 * how loudly something is done. Reviewed against config.c of Redis 6.2 to 8 and Valkey 8; a name that is not here
 * counts as dangerous.
 */
const harmless: ReadonlySet<string> = new Set([
  'acllog-max-len',
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
  'auto-aof-rewrite-min-size',
  'auto-aof-rewrite-percentage',
  'busy-reply-threshold',
  'cluster-allow-replica-migration',
  'cluster-allow-reads-when-down',
  'cluster-allow-pubsubshard-when-down',
  'cluster-link-sendbuf-limit',
  'cluster-migration-barrier',
  'cluster-replica-no-failover',
  'cluster-require-full-coverage',
  'cluster-slot-stats-enabled',
  'crash-log-enabled',
  'crash-memcheck-enabled',
  'dual-channel-replication-enabled',
  'dynamic-hz',
  'hash-max-listpack-entries',
  'hash-max-listpack-value',
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
  'list-max-listpack-size',
  'log-format',
  'log-timestamp-format',
  'loglevel',
  'maxmemory-eviction-tenacity',
  'maxmemory-samples',
  'notify-keyspace-events',
  'prefetch-batch-max-size',
  'rdb-save-incremental-fsync',
  'rdbcompression',
  'repl-backlog-size',
  'repl-backlog-ttl',
  'repl-disable-tcp-nodelay',
  'repl-diskless-sync',
  'repl-diskless-sync-delay',
  'repl-diskless-sync-max-replicas',
  'repl-ping-replica-period',
  'repl-timeout',
  'replica-lazy-flush',
  'replica-serve-stale-data',
  'sanitize-dump-payload',
  'set-max-intset-entries',
  'set-max-listpack-entries',
  'set-max-listpack-value',
  'slowlog-log-slower-than',
  'slowlog-max-len',
  'stop-writes-on-bgsave-error',
  'stream-node-max-bytes',
  'stream-node-max-entries',
  'tcp-keepalive',
  'tracking-table-max-keys',
  'zset-max-listpack-entries',
  'zset-max-listpack-value',
]);

const evicts = 'the server may delete keys to get below the limit';
const crashes = 'what was written since the last save is lost when the server ends';
const acknowledges = 'a failover can lose writes that were acknowledged';
const diverges = 'the replica can hold other keys than its master, or lose its copy';

/** What a value of these can lose. */
const risks: Readonly<Record<string, string>> = {
  maxmemory: evicts,
  'maxmemory-policy': evicts,
  'maxmemory-clients': 'clients are disconnected to get below the limit',
  'replica-ignore-maxmemory': evicts,
  appendonly: crashes,
  appendfsync: crashes,
  'no-appendfsync-on-rewrite': crashes,
  save: crashes,
  'shutdown-on-sigterm': crashes,
  'shutdown-on-sigint': crashes,
  'shutdown-timeout': acknowledges,
  'min-replicas-to-write': acknowledges,
  'min-replicas-max-lag': acknowledges,
  'cluster-node-timeout': acknowledges,
  'cluster-replica-validity-factor': acknowledges,
  'replica-priority': acknowledges,
  'repl-diskless-load': diverges,
  'replica-read-only': diverges,
  'replica-ignore-disk-write-errors': diverges,
};

/** Values that keep more than any other, so that setting them loses nothing. */
const safeValues: Readonly<Record<string, (value: string) => boolean>> = {
  maxmemory: (value) => /^0+$/.test(value),
  'maxmemory-policy': (value) => value === 'noeviction',
  appendfsync: (value) => value === 'always' || value === 'everysec',
  'no-appendfsync-on-rewrite': (value) => value === 'no',
  save: (value) => value.trim() !== '',
  'replica-read-only': (value) => value === 'yes',
  'repl-diskless-load': (value) => value === 'disabled',
  'replica-ignore-disk-write-errors': (value) => value === 'no',
};

/**
 * What can be lost when a running server gets this value, as the end of a sentence; undefined: nothing. A directive
 * that is not known (of a module or a newer server) can lose anything.
 */
export function riskOfSetting(name: string, value: string): string | undefined {
  const canonical = canonicalDirective(name.toLowerCase());
  if (harmless.has(canonical) || safeValues[canonical]?.(value.toLowerCase()) === true) return undefined;
  return risks[canonical] ?? 'applications or the other nodes may be cut off, or data lost';
}
