/**
 * What is known of redis.conf directives, collected from config.c of Redis 6.2, 7.0, 7.2, 7.4, 8 and Valkey
 * 8. An unknown name is allowed (newer servers, modules); a known one is checked before any host is
 * contacted.
 */
export type DirectiveKind = 'boolean' | 'memory' | 'number' | 'text' | 'words';

const words = (list: string): readonly string[] => list.trim().split(/\s+/);

const booleans = words(`
  activedefrag activerehashing always-show-logo aof-load-truncated aof-rewrite-incremental-fsync
  aof-timestamp-enabled aof-use-rdb-preamble appendonly cluster-allow-pubsubshard-when-down
  cluster-allow-reads-when-down cluster-allow-replica-migration cluster-enabled cluster-replica-no-failover
  cluster-require-full-coverage cluster-slot-stats-enabled crash-log-enabled crash-memcheck-enabled daemonize
  disable-thp dual-channel-replication-enabled dynamic-hz extended-redis-compatibility gopher-enabled
  hide-user-data-from-log io-threads-do-reads jemalloc-bg-thread latency-tracking lazyfree-lazy-eviction
  lazyfree-lazy-expire lazyfree-lazy-server-del lazyfree-lazy-user-del lazyfree-lazy-user-flush
  no-appendfsync-on-rewrite protected-mode rdb-del-sync-files rdb-save-incremental-fsync rdbchecksum
  rdbcompression repl-disable-tcp-nodelay repl-diskless-sync replica-announced replica-ignore-disk-write-errors
  replica-ignore-maxmemory replica-lazy-flush replica-read-only replica-serve-stale-data set-proc-title
  stop-writes-on-bgsave-error syslog-enabled tls-cluster tls-prefer-server-ciphers tls-replication
  tls-session-caching`);

const memory = words(`
  active-defrag-ignore-bytes auto-aof-rewrite-min-size client-query-buffer-limit cluster-link-sendbuf-limit
  hash-max-listpack-value hll-sparse-max-bytes maxmemory maxmemory-clients
  proto-max-bulk-len repl-backlog-size stream-node-max-bytes zset-max-listpack-value`);

const numbers = words(`
  active-defrag-cycle-max active-defrag-cycle-min active-defrag-threshold-lower active-defrag-threshold-upper
  active-expire-effort auto-aof-rewrite-percentage cluster-announce-bus-port cluster-announce-port
  cluster-announce-tls-port cluster-migration-barrier cluster-port cluster-replica-validity-factor databases
  events-per-io-thread hz io-threads lfu-decay-time lfu-log-factor list-compress-depth list-max-listpack-size
  maxmemory-eviction-tenacity maxmemory-samples min-replicas-max-lag
  min-replicas-to-write port prefetch-batch-max-size repl-diskless-sync-delay repl-diskless-sync-max-replicas
  repl-ping-replica-period repl-timeout replica-announce-port replica-priority shutdown-timeout tcp-backlog
  tcp-keepalive timeout tls-port tls-session-cache-size tls-session-cache-timeout busy-reply-threshold
  cluster-node-timeout latency-monitor-threshold slowlog-log-slower-than
  stream-node-max-entries hash-max-listpack-entries set-max-intset-entries
  set-max-listpack-entries set-max-listpack-value tracking-table-max-keys zset-max-listpack-entries
  repl-backlog-ttl max-new-connections-per-cycle max-new-tls-connections-per-cycle
  maxclients socket-mark-id acllog-max-len active-defrag-max-scan-fields cluster-blacklist-ttl
  slowlog-max-len`);

const texts = words(`
  acl-pubsub-default aclfile aof-rewrite-cpulist appenddirname appendfilename appendfsync availability-zone
  bgsave-cpulist bind-source-addr bio-cpulist cluster-announce-client-ipv4 cluster-announce-client-ipv6
  cluster-announce-hostname cluster-announce-human-nodename cluster-announce-ip cluster-config-file
  cluster-preferred-endpoint-type dbfilename dir enable-debug-command enable-module-command
  enable-protected-configs ignore-warnings include locale-collate log-format log-timestamp-format logfile
  loglevel masterauth masteruser maxmemory-policy notify-keyspace-events oom-score-adj pidfile primaryauth
  primaryuser proc-title-template propagation-error-behavior repl-diskless-load replica-announce-ip
  requirepass sanitize-dump-payload server-cpulist supervised syslog-facility syslog-ident tls-auth-clients
  tls-ca-cert-dir tls-ca-cert-file tls-cert-file tls-ciphers tls-ciphersuites tls-client-cert-file
  tls-client-key-file tls-client-key-file-pass tls-dh-params-file tls-key-file tls-key-file-pass
  tls-protocols unixsocket unixsocketgroup unixsocketperm`);

/** Directives that take several arguments on one line; one string is split at its spaces. */
const lists = words(`
  bind client-output-buffer-limit latency-tracking-info-percentiles loadmodule oom-score-adj-values
  rename-command replicaof save shutdown-on-sigint shutdown-on-sigterm user`);

const kinds: ReadonlyMap<string, DirectiveKind> = new Map([
  ...booleans.map((name) => [name, 'boolean'] as const),
  ...memory.map((name) => [name, 'memory'] as const),
  ...numbers.map((name) => [name, 'number'] as const),
  ...texts.map((name) => [name, 'text'] as const),
  ...lists.map((name) => [name, 'words'] as const),
]);

/** Directives that may stand on several lines. */
export const repeatable: ReadonlySet<string> = new Set(['save', 'client-output-buffer-limit']);

/** Names that came after 6.2, to the older ones, which every supported server reads. */
const renamed: ReadonlyMap<string, string> = new Map([
  ['hash-max-listpack-entries', 'hash-max-ziplist-entries'],
  ['hash-max-listpack-value', 'hash-max-ziplist-value'],
  ['list-max-listpack-size', 'list-max-ziplist-size'],
  ['zset-max-listpack-entries', 'zset-max-ziplist-entries'],
  ['zset-max-listpack-value', 'zset-max-ziplist-value'],
  ['busy-reply-threshold', 'lua-time-limit'],
  ['aof-rewrite-cpulist', 'aof_rewrite_cpulist'],
  ['bgsave-cpulist', 'bgsave_cpulist'],
  ['bio-cpulist', 'bio_cpulist'],
  ['server-cpulist', 'server_cpulist'],
]);

/** Other spellings, to the name that we use for what they mean. */
const aliases: ReadonlyMap<string, string> = new Map([
  ...[...renamed].map(([newer, older]) => [older, newer] as const),
  ['cluster-slave-no-failover', 'cluster-replica-no-failover'],
  ['cluster-slave-validity-factor', 'cluster-replica-validity-factor'],
  ['min-slaves-max-lag', 'min-replicas-max-lag'],
  ['min-slaves-to-write', 'min-replicas-to-write'],
  ['repl-ping-slave-period', 'repl-ping-replica-period'],
  ['slave-announce-ip', 'replica-announce-ip'],
  ['slave-announce-port', 'replica-announce-port'],
  ['slave-ignore-maxmemory', 'replica-ignore-maxmemory'],
  ['slave-lazy-flush', 'replica-lazy-flush'],
  ['slave-priority', 'replica-priority'],
  ['slave-read-only', 'replica-read-only'],
  ['slave-serve-stale-data', 'replica-serve-stale-data'],
  ['slaveof', 'replicaof'],
  ['primaryauth', 'masterauth'],
  ['primaryuser', 'masteruser'],
]);

/** Every name that some supported server knows, older spellings included. */
export const knownDirectives: readonly string[] = [...kinds.keys(), ...aliases.keys()];

/** The spelling that servers of every supported version read. */
export function portableDirective(name: string): string {
  return renamed.get(name) ?? name;
}

/** The current name of a directive that has an older spelling; other names unchanged. */
export function canonicalDirective(name: string): string {
  return aliases.get(name) ?? name;
}

/** What values a directive takes; undefined when the directive is not known. */
export function directiveKind(name: string): DirectiveKind | undefined {
  return kinds.get(canonicalDirective(name));
}

/**
 * The arguments that one string stands for, as redis.conf has them: several for a directive that takes
 * several.
 */
export function directiveArguments(name: string, value: string): readonly string[] {
  if (directiveKind(name) !== 'words' || value.trim() === '') return [value];
  return words(value);
}
