import type { Check } from '../check.ts';
import { ours } from '../remedy.ts';
import { formatBytes, formatSeconds, numberOf } from '../text.ts';

/** A replica that was away for this long shall catch up from the backlog. */
const coverSeconds = 10;
/** Below this rate the backlog is no matter: a full copy of so little is quick. */
const busyBytes = 1024 ** 2;

/** The replication backlog against the rate of writes (redis.conf, repl-backlog-size). */
export const backlog: Check = {
  name: 'replication backlog',
  section: 'load',
  run: ({ inventory }, { reachable }) =>
    reachable.flatMap(({ node, info }) => {
      const replicas = numberOf(info, 'connected_slaves') ?? 0;
      // KB/s to all replicas together (Redis 7.0); every one is sent the same.
      const rate = ((numberOf(info, 'instantaneous_output_repl_kbps') ?? 0) * 1024) / Math.max(1, replicas);
      const size = numberOf(info, 'repl_backlog_size') ?? 0;
      if (replicas === 0 || rate < busyBytes || size >= rate * coverSeconds) return [];
      return [
        {
          id: 'WR-BACKLOG-SMALL',
          severity: 'info',
          title: `the replication backlog of ${node} covers ${formatSeconds(size / rate)} of writes`,
          shared: { by: node, title: 'the replication backlogs of {} cover little of their writes' },
          nodes: [node],
          hosts: [],
          seen: `${formatBytes(size)} at ${formatBytes(rate)} a second`,
          expected: `at least ${coverSeconds} s at the present rate`,
          why: 'A replica that loses its link for longer copies everything anew, which loads the master.',
          remedy: [`"\${EDITOR:-vi}" ${inventory.file}`, ours(inventory, 'provision')],
        },
      ];
    }),
};
