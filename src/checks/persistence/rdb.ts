import type { ReachableView } from '../../cluster/view.ts';
import type { Check, Finding } from '../check.ts';
import type { CheckInput } from '../input.ts';
import { formatSeconds, numberOf } from '../text.ts';
import { nodesWithoutDisk } from './aftermath.ts';
import { loggedReason, removeReason, snapshot } from './saving.ts';

/** A snapshot that is due and has not come for this many times its own interval is a finding. */
const patience = 3;

/** Snapshots: the last one went well, and the next one is not overdue. */
export const rdb: Check = {
  name: 'snapshots',
  section: 'persistence',
  run: (input, { reachable }) => {
    const explained = nodesWithoutDisk(input);
    return reachable
      .filter(({ node }) => !explained.has(node))
      .flatMap((view) => [...failed(input, view), ...overdue(input, view)]);
  },
};

function failed(input: CheckInput, { node, info, config }: ReachableView): readonly Finding[] {
  if (info['rdb_last_bgsave_status'] !== 'err') return [];
  const stops = config['stop-writes-on-bgsave-error'] === 'yes' && config['save'] !== '';
  return [
    {
      id: 'WR-RDB-FAILED',
      severity: 'critical',
      title: `${node} could not write its last snapshot`,
      nodes: [node],
      hosts: [],
      seen: ['rdb_last_bgsave_status:err', ...loggedReason(input, node)].join('; '),
      expected: 'rdb_last_bgsave_status:ok',
      why: stops
        ? 'It refuses writes (MISCONF) until a snapshot succeeds.'
        : 'A replica that needs a full copy, and a restart, depend on snapshots.',
      remedy: [removeReason(input, node), snapshot(input, node)],
      passing: info['rdb_bgsave_in_progress'] === '1',
    },
  ];
}

function overdue(input: CheckInput, { node, info, config }: ReachableView): readonly Finding[] {
  const changes = numberOf(info, 'rdb_changes_since_last_save') ?? 0;
  const last = numberOf(info, 'rdb_last_save_time') ?? 0;
  const clock = numberOf(info, 'server_time_usec');
  const age = (clock === undefined ? input.now / 1000 : clock / 1_000_000) - last;
  const due = Math.min(
    ...savePoints(config['save'] ?? '')
      .filter((point) => changes >= point.changes)
      .map(({ seconds }) => seconds),
  );
  if (!Number.isFinite(due) || age <= patience * due || info['rdb_bgsave_in_progress'] === '1') return [];
  const rewrites = info['aof_rewrite_in_progress'] === '1';
  return [
    {
      id: 'WR-RDB-OVERDUE',
      severity: config['appendonly'] === 'yes' ? 'info' : 'warning',
      title: `the last snapshot of ${node} is ${formatSeconds(age)} old`,
      shared: { by: node, title: 'the last snapshots of {} are old' },
      nodes: [node],
      hosts: [],
      seen: `${changes} changes since the last snapshot ${formatSeconds(age)} ago${rewrites ? '; its append-only file is being rewritten, and a snapshot waits for that' : ''}`,
      expected: `a snapshot after ${formatSeconds(due)} with that many changes`,
      why: 'Everything written since would be missing from a restore out of the snapshot.',
      remedy: [snapshot(input, node)],
      passing: rewrites,
      dueTo: [{ ids: ['WR-RDB-FAILED', 'WR-AOF-REWRITE-LONG'], nodes: [node] }],
    },
  ];
}

/** `3600 1 300 100` as CONFIG GET has it. */
function savePoints(save: string): readonly { readonly seconds: number; readonly changes: number }[] {
  const numbers = save
    .split(' ')
    .filter((word) => word !== '')
    .map(Number);
  return numbers.flatMap((seconds, index) =>
    index % 2 === 0 ? [{ seconds, changes: numbers[index + 1] ?? Number.POSITIVE_INFINITY }] : [],
  );
}
