import { parseMemory } from './memory.ts';

/** Values of a directive that can lose nothing, and what any other can, as the end of a sentence. */
export type SettingLimit = { readonly isSafe: (value: string) => boolean; readonly risk: string };

const takesMemory =
  'the memory that it takes counts against maxmemory: the server may delete keys, or refuse writes, to make room';
const blocks =
  'single commands can take so long that the other nodes take this one for dead, and servers of 6.2 can crash';
const fillsDisk = 'the append-only files can grow until the disk is full, and the server then refuses writes';
const migrates = 'a replica may leave its shard for another one, and its master without a copy';

/** Amounts as redis.conf writes them. */
const within =
  (least: string, most: string) =>
  (value: string): boolean => {
    const amount = parseMemory(value);
    return amount !== undefined && amount >= (parseMemory(least) ?? 0) && amount <= (parseMemory(most) ?? 0);
  };

/** Up to 100 times the defaults: 6.2 before 6.2.6 overflows at huge ones (CVE-2021-32627, -32628, -32687). */
const packedEntries: SettingLimit = { isSafe: within('0', '51200'), risk: blocks };
const packedBytes: SettingLimit = { isSafe: within('0', '64kb'), risk: blocks };

/**
 * Directives whose value decides how much memory or disk they take, or how long the node is silent; the
 * limits are the server's defaults, or what `templates/redis.conf.hbs` sets, where more can already lose
 * something.
 */
export const settingLimits: Readonly<Record<string, SettingLimit>> = {
  // A slow command is kept with up to 32 arguments of 128 bytes (slowlog.c): 4 MiB at most.
  'slowlog-max-len': { isSafe: within('0', '1024'), risk: takesMemory },
  'acllog-max-len': { isSafe: within('0', '1024'), risk: takesMemory },
  // 0: without a limit.
  'tracking-table-max-keys': { isSafe: within('1', '1000000'), risk: takesMemory },
  // Only what replicas' buffers take beyond it is not counted (evict.c, freeMemoryGetNotCountedMemory).
  'repl-backlog-size': { isSafe: within('0', '1mb'), risk: takesMemory },
  // 0: never rewritten.
  'auto-aof-rewrite-percentage': { isSafe: within('1', '400'), risk: fillsDisk },
  'auto-aof-rewrite-min-size': { isSafe: within('0', '4gb'), risk: fillsDisk },
  'cluster-allow-replica-migration': { isSafe: (value) => value === 'no', risk: migrates },
  'cluster-migration-barrier': { isSafe: within('1', '1000000'), risk: migrates },
  'cluster-link-sendbuf-limit': {
    isSafe: (value) => within('0', '0')(value) || within('64mb', '1000gb')(value),
    risk: 'nodes drop their links to each other, and take each other for dead',
  },
  // 0: never.
  'busy-reply-threshold': {
    isSafe: within('1', '5000'),
    risk: 'a script that does not end silences the node, which the others take for dead',
  },
  // Servers before 7.0 take any number, and have an array of that size on the stack (evict.c).
  'maxmemory-samples': { isSafe: within('1', '64'), risk: 'the server can crash when it deletes keys' },
  'tcp-keepalive': {
    isSafe: within('1', '3600'),
    risk: 'connections of clients that are gone stay open, up to maxclients',
  },
  'hash-max-listpack-entries': packedEntries,
  'set-max-intset-entries': packedEntries,
  'set-max-listpack-entries': packedEntries,
  'stream-node-max-entries': { ...packedEntries, isSafe: within('1', '51200') },
  'zset-max-listpack-entries': packedEntries,
  'hash-max-listpack-value': packedBytes,
  'set-max-listpack-value': packedBytes,
  'stream-node-max-bytes': { ...packedBytes, isSafe: within('1', '64kb') },
  'zset-max-listpack-value': packedBytes,
  // Negative: a size, -5 for 64 KiB.
  'list-max-listpack-size': {
    isSafe: (value) => /^-[1-5]$/.test(value) || within('1', '51200')(value),
    risk: blocks,
  },
};
