import { formatBytes } from '../../base/bytes.ts';
import type { Check } from '../check.ts';
import { numberOf } from '../text.ts';
import { snapshot } from './saving.ts';

/** A fork stops the server: half a second of it is felt by every client. */
const slowForkMs = 500;

/** How long the last fork (snapshot, rewrite, full sync) kept the server from answering. */
export const fork: Check = {
  name: 'fork time',
  section: 'persistence',
  run: (input, { reachable }) =>
    reachable.flatMap(({ node, info }) => {
      const ms = (numberOf(info, 'latest_fork_usec') ?? 0) / 1000;
      if (ms <= slowForkMs) return [];
      return [
        {
          id: 'WR-FORK-SLOW',
          severity: 'warning',
          title: `the last fork of ${node} took ${Math.round(ms)} ms`,
          shared: { by: node, title: `the last forks of {} took more than ${slowForkMs} ms` },
          nodes: [node],
          hosts: [],
          seen: `latest_fork_usec:${info['latest_fork_usec'] ?? ''} with ${formatBytes(numberOf(info, 'used_memory') ?? 0)} in use`,
          expected: `at most ${slowForkMs} ms`,
          why: 'The node answers no client during a fork, and every snapshot and rewrite forks.',
          // The figure stays until the next fork: a snapshot shows whether it was an exception.
          remedy: [snapshot(input, node)],
        },
      ];
    }),
};
