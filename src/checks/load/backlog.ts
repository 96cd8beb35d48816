import { formatBytes } from '../../base/bytes.ts';
import type { InfoFields } from '../../cluster/view.ts';
import type { Check } from '../check.ts';
import { byHand, ours } from '../remedy.ts';
import { formatSeconds, numberOf } from '../text.ts';

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
      const rate = writeRate(info) / Math.max(1, replicas);
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
          seen: `${formatBytes(size)} at ${formatBytes(rate)} a second, now and since its start`,
          expected: `at least ${coverSeconds} s at that rate`,
          why: 'A replica that loses its link for longer copies everything again, which loads the master.',
          remedy: [
            byHand(
              `in ${inventory.file}, raise config.repl-backlog-size; what it takes counts against maxmemory`,
            ),
            ours(inventory, 'provision'),
          ],
        },
      ];
    }),
};

/**
 * Bytes a second to all replicas together (Redis 7.0), each of which is sent the same: now, unless it has
 * been less since the start. A burst is no reason for a larger backlog, and would be a finding in one look
 * and not in the next.
 */
function writeRate(info: InfoFields): number {
  const now = (numberOf(info, 'instantaneous_output_repl_kbps') ?? 0) * 1024;
  const total = numberOf(info, 'total_net_repl_output_bytes');
  const uptime = numberOf(info, 'uptime_in_seconds');
  return total === undefined || uptime === undefined ? now : Math.min(now, total / Math.max(1, uptime));
}
