import { canonicalDirective, directiveKind } from '../inventory/directives.ts';
import { parseRedisConf } from './redis-conf.ts';

/** Directives by name as written, each with the arguments of every line it stands on. */
export type Directives = Readonly<Record<string, readonly (readonly string[])[]>>;

/** What a redis.conf asks for, by name. Throws Error naming the line where quotes are unbalanced. */
export function desiredDirectives(conf: string): Directives {
  const found: Record<string, (readonly string[])[]> = {};
  for (const { name, args } of parseRedisConf(conf)) (found[name] ??= []).push(args);
  return found;
}

/** As `desiredDirectives`, and none of a damaged file, which the plan writes again. */
export function readable(conf: string): Directives {
  try {
    return desiredDirectives(conf);
  } catch {
    return {};
  }
}

/** IMMUTABLE_CONFIG in config.c of some version from 6.2 to 8; Valkey 8 the same. */
const immutable: ReadonlySet<string> = new Set([
  'aclfile',
  'always-show-logo',
  'aof-rewrite-cpulist',
  'appenddirname',
  'appendfilename',
  'bgsave-cpulist',
  'bio-cpulist',
  'cluster-config-file',
  'cluster-enabled',
  'cluster-port',
  'daemonize',
  'databases',
  'disable-thp',
  'enable-debug-command',
  'enable-module-command',
  'enable-protected-configs',
  'io-threads',
  'io-threads-do-reads',
  'logfile',
  'pidfile',
  'rdbchecksum',
  'server-cpulist',
  'set-proc-title',
  'socket-mark-id',
  'supervised',
  'syslog-enabled',
  'syslog-facility',
  'syslog-ident',
  'tcp-backlog',
  'unixsocket',
  'unixsocketgroup',
  'unixsocketperm',
]);

/** PROTECTED_CONFIG from 7.0 on: CONFIG SET refuses them unless enable-protected-configs is on. */
const guarded: ReadonlySet<string> = new Set(['dir', 'dbfilename']);

/** Read at start alone; CONFIG knows nothing of them. */
const startOnly: ReadonlySet<string> = new Set(['include', 'loadmodule', 'rename-command', 'replicaof']);

/** Changed by commands of their own: a node cannot move to another port, a user is set by ACL SETUSER. */
export type Mutability = 'live' | 'restart' | 'acl' | 'unknown';

/**
 * How a running server can be given another value: `live` by CONFIG SET, `acl` by ACL SETUSER, `restart` not
 * at all. `unknown` is a directive of a newer server or a module: CONFIG SET tells.
 */
export function directiveMutability(name: string): Mutability {
  const canonical = canonicalDirective(name.toLowerCase());
  if (canonical === 'user') return 'acl';
  // A node is its port: another one would be another node to the cluster.
  if (canonical === 'port') return 'restart';
  if (immutable.has(canonical) || guarded.has(canonical) || startOnly.has(canonical)) return 'restart';
  return directiveKind(canonical) === undefined ? 'unknown' : 'live';
}

/** What CONFIG GET does not show, not in every version at least (6.2 keeps cluster-config-file to itself). */
const unseen: ReadonlySet<string> = new Set([
  'cluster-config-file',
  'include',
  'loadmodule',
  'rename-command',
  'user',
]);

/** Whether CONFIG GET shows the directive on every supported server. */
export function isLiveDirective(name: string): boolean {
  return !unseen.has(canonicalDirective(name.toLowerCase()));
}
