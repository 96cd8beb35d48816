import type { Check } from '../check.ts';
import { byHand, onHost } from '../remedy.ts';
import { titled } from '../shared.ts';

/** Servers that the kernel killed within a day because memory ran out. Nothing can fix an older kill. */
export const oom: Check = {
  name: 'out-of-memory kills',
  section: 'host',
  run: ({ inventory, hostProbes }) =>
    inventory.hosts.flatMap(({ name }) => {
      const kills = hostProbes[name]?.oomKills ?? [];
      if (kills.length === 0) return [];
      return [
        {
          id: 'WR-OOM-KILLED',
          severity: 'warning',
          ...titled(name, 'the kernel{|s} of {} {has|have} killed a server because memory ran out'),
          nodes: [],
          hosts: [name],
          seen: `${kills.length === 1 ? 'once' : `${kills.length} times`} within 24 hours, last: ${kills.at(-1) ?? ''}`,
          expected: 'none within 24 hours',
          why: 'What was not yet on disk or on a replica was lost, and it will happen again.',
          remedy: [
            onHost(inventory, name, "journalctl -k --since -24h --no-pager -g 'Out of memory|oom-kill'"),
            byHand(`make room in the memory of ${name}; the finding ends 24 hours after the last kill`),
          ],
        },
      ];
    }),
};
