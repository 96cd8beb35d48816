import type { RedisCommand } from './connection.ts';

/**
 * Commands that change nothing on a node but the caller's own connection; by name, or name and subcommand.
 */
const reading: ReadonlySet<string> = new Set([
  'ACL GETUSER',
  'ACL LIST',
  'ACL LOG',
  'ACL WHOAMI',
  'AUTH',
  'CLIENT LIST',
  'CLUSTER COUNTKEYSINSLOT',
  'CLUSTER GETKEYSINSLOT',
  'CLUSTER INFO',
  'CLUSTER KEYSLOT',
  'CLUSTER LINKS',
  'CLUSTER MYID',
  'CLUSTER NODES',
  'CLUSTER SHARDS',
  'CLUSTER SLOTS',
  'COMMAND',
  'CONFIG GET',
  'DBSIZE',
  'ECHO',
  'EXISTS',
  'GET',
  'INFO',
  'LASTSAVE',
  'LATENCY DOCTOR',
  'LATENCY HISTOGRAM',
  'LATENCY HISTORY',
  'LATENCY LATEST',
  'LOLWUT',
  'MEMORY DOCTOR',
  'MEMORY STATS',
  'MEMORY USAGE',
  'MODULE LIST',
  'PING',
  'READONLY',
  'READWRITE',
  'ROLE',
  'SLOWLOG GET',
  'SLOWLOG LEN',
  'TIME',
  'WAIT',
]);

/** Whether a command may change something; a command that is not known to read counts as one that does. */
export function mayChange(command: RedisCommand): boolean {
  const [name = '', subcommand = '', argument = ''] = command.map((word) => String(word).toUpperCase());
  if (`${name} ${subcommand} ${argument}` === 'ACL LOG RESET') return true;
  return !reading.has(name) && !reading.has(`${name} ${subcommand}`);
}
