import { formatBytes } from '../../base/bytes.ts';
import type { ReachableView } from '../../cluster/view.ts';
import type { Check, Finding } from '../check.ts';
import type { CheckInput } from '../input.ts';
import { byHand, call } from '../remedy.ts';
import { titled } from '../shared.ts';
import { formatSeconds, numberOf } from '../text.ts';
import { nodesWithoutDisk } from './aftermath.ts';
import { loggedReason, removeReason } from './saving.ts';

/** A rewrite writes at least some MB/s: this many seconds, or 60 s a GB, is long. */
const longRewrite = { seconds: 600, secondsPerGb: 60 };

/** The append-only file: written, rewritten, and not for ever. */
export const aof: Check = {
  name: 'append-only file',
  section: 'persistence',
  run: (input, { reachable }) => {
    const explained = nodesWithoutDisk(input);
    return reachable
      .filter(({ node, info }) => info['aof_enabled'] === '1' && !explained.has(node))
      .flatMap((view) => [
        ...writeFailed(input, view),
        ...rewriteFailed(input, view),
        ...rewriteLong(input, view),
      ]);
  },
};

function writeFailed(input: CheckInput, { node, info }: ReachableView): readonly Finding[] {
  if (info['aof_last_write_status'] !== 'err') return [];
  return [
    {
      id: 'WR-AOF-WRITE-FAILED',
      severity: 'critical',
      title: `${node} cannot write its append-only file`,
      nodes: [node],
      hosts: [],
      seen: ['aof_last_write_status:err', ...loggedReason(input, node)].join('; '),
      expected: 'aof_last_write_status:ok',
      why: 'It refuses every write (MISCONF) until the file can be written again.',
      remedy: [removeReason(input, node), call(input.inventory, node, 'BGREWRITEAOF')],
      passing: info['aof_rewrite_in_progress'] === '1',
    },
  ];
}

function rewriteFailed(input: CheckInput, { node, info }: ReachableView): readonly Finding[] {
  if (info['aof_last_bgrewrite_status'] !== 'err') return [];
  return [
    {
      id: 'WR-AOF-REWRITE-FAILED',
      severity: 'warning',
      ...titled(node, '{} could not rewrite {its append-only file|their append-only files}'),
      nodes: [node],
      hosts: [],
      seen: ['aof_last_bgrewrite_status:err', ...loggedReason(input, node)].join('; '),
      expected: 'aof_last_bgrewrite_status:ok',
      why: 'The file grows until the disk is full, and a restart takes ever longer.',
      remedy: [removeReason(input, node), call(input.inventory, node, 'BGREWRITEAOF')],
      passing: info['aof_rewrite_in_progress'] === '1',
    },
  ];
}

function rewriteLong({ inventory }: CheckInput, { node, info }: ReachableView): readonly Finding[] {
  const running = numberOf(info, 'aof_current_rewrite_time_sec') ?? -1;
  const bytes = numberOf(info, 'used_memory') ?? 0;
  const limit = Math.max(longRewrite.seconds, (longRewrite.secondsPerGb * bytes) / 1024 ** 3);
  if (running <= limit) return [];
  return [
    {
      id: 'WR-AOF-REWRITE-LONG',
      severity: 'warning',
      title: `${node} has been rewriting its append-only file for ${formatSeconds(running)}`,
      shared: { by: node, title: '{} have been rewriting their append-only files for long' },
      nodes: [node],
      hosts: [],
      seen: `aof_current_rewrite_time_sec:${running} with ${formatBytes(bytes)} of data`,
      expected: `a rewrite within ${formatSeconds(limit)}`,
      why: 'The disk is too slow, and memory and disk fill up with what is written meanwhile.',
      remedy: [
        call(inventory, node, 'INFO', 'persistence'),
        byHand('see what else writes to its disk, or move its data to a faster one'),
      ],
    },
  ];
}
