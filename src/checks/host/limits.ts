import type { Check } from '../check.ts';
import { ours } from '../remedy.ts';
import { titled } from '../shared.ts';

/** Redis keeps this many file descriptors for itself (server.h, CONFIG_MIN_RESERVED_FDS). */
const reserved = 32;

/** Room for the connections that maxclients promises. */
export const limits: Check = {
  name: 'open files limit',
  section: 'host',
  run: ({ inventory, hosts }, { reachable }) =>
    inventory.hosts.flatMap(({ name, nodes }) => {
      const facts = hosts[name];
      if (!facts?.reachable) return [];
      return nodes.flatMap(({ id }) => {
        const limit = facts.facts.processes[id]?.openFilesLimit;
        const clients = Number(reachable.find(({ node }) => node === id)?.config['maxclients'] ?? 0);
        if (limit === undefined || limit >= clients + reserved) return [];
        return [
          {
            id: 'WR-FILE-LIMIT',
            severity: 'warning',
            ...titled(id, '{} may open too few files'),
            nodes: [id],
            hosts: [],
            seen: `a limit of ${limit} open files with maxclients ${clients}`,
            expected: `at least ${clients + reserved}`,
            why: 'Connections, replication and persistence fail before maxclients is reached.',
            remedy: [ours(inventory, 'provision'), ours(inventory, 'restart', id)],
          },
        ];
      });
    }),
};
