import { ownLine } from './shape.ts';
import type { InfoFields, NodeTopology } from './view.ts';

/**
 * What a master counts of one of its replicas. Offset in bytes, lag in seconds since it was last heard of.
 */
export type ReplicaLine = {
  readonly state: string;
  readonly offset: number;
  readonly lag: number;
};

/**
 * The master's own line about a replica in INFO replication
 * (`slave0:ip=…,port=…,state=online,offset=…,lag=…`); undefined: it has none. The address is the one that the
 * replica calls from, which on a host with several is not always its own: among replicas on different ports
 * the port alone tells.
 */
export function replicaLine(
  master: { readonly info: InfoFields },
  replica: NodeTopology,
): ReplicaLine | undefined {
  const own = ownLine(replica);
  const lines = Object.entries(master.info)
    .filter(([name]) => /^slave\d+$/.test(name))
    .map(([, value]) => Object.fromEntries(value.split(',').map((part) => part.split('=', 2))))
    .filter(({ port }) => Number(port) === own?.port);
  const fields = lines.length > 1 ? lines.find(({ ip }) => ip === own?.ip) : lines[0];
  if (!fields) return undefined;
  return { state: fields['state'] ?? '', offset: Number(fields['offset']), lag: Number(fields['lag']) };
}

/**
 * It waits for the master's fork, or for what that writes (`replstate` in replication.c): the copy is on its
 * way.
 */
export const isBeingCopied = (line: ReplicaLine | undefined): boolean =>
  line !== undefined && ['wait_bgsave', 'send_bulk'].includes(line.state);
