import { createHash } from 'node:crypto';

/**
 * What an application may do: on all keys and channels everything but @admin and @dangerous, plus what
 * cluster clients ask about the cluster and themselves. Redis 6.2 counts all of CLUSTER and CLIENT as @admin,
 * hence the single subcommands; each of them exists in every version from 6.2 (unchecked there) to 8, or a
 * server would not start.
 */
export const applicationRules = [
  '~*',
  '&*',
  '+@all',
  '-@admin',
  '-@dangerous',
  '+info',
  '+cluster|info',
  '+cluster|nodes',
  '+cluster|slots',
  '+cluster|shards',
  '+cluster|myid',
  '+cluster|keyslot',
  '+cluster|countkeysinslot',
  '+cluster|getkeysinslot',
  '+client|id',
  '+client|getname',
  '+client|setname',
  '+client|info',
  '+client|reply',
  '+client|caching',
  '+client|tracking',
  '+client|trackinginfo',
  '+client|getredir',
] as const;

/** The arguments of redis.conf's `user` line; the password stands as its SHA-256. */
export function applicationUser(user: string, password: string): readonly string[] {
  return [user, 'reset', 'on', `#${passwordHash(password)}`, ...applicationRules];
}

/** A password as `user` lines and ACL LIST have it after the `#`: its SHA-256, 64 hex digits. */
export const passwordHash = (password: string): string => createHash('sha256').update(password).digest('hex');
