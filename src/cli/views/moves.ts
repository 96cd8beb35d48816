import type { HostLoss } from '../../operations/failover/failover.ts';
import type { HandOver } from '../../failover/hand-over.ts';
import type { Move } from '../../failover/move.ts';
import type { Replaced } from '../../failover/replace.ts';
import type { LossAfter } from '../../failover/watch-loss.ts';
import type { ProbeReport } from '../../failover/write-probe/probe.ts';
import { formatMs } from '../progress.ts';
import { formatTable } from './table.ts';

/** The failovers that were done: a table, then what the probe and the replacements have to say. */
export function formatMoves(moves: readonly (Move | Replaced)[]): string {
  const rows = moves.map(({ handOver }) => [
    String(handOver.shard),
    handOver.from,
    handOver.to,
    handOver.mode,
    formatMs(handOver.promotedMs),
    formatMs(handOver.agreedMs),
    handOver.masterGone ? '-' : formatMs(handOver.syncedMs),
  ]);
  const header = ['SHARD', 'FROM', 'TO', 'MODE', 'PROMOTED', 'ALL AGREE', 'IN SYNC'];
  return [formatTable(header, rows), ...moves.flatMap(formatDetails)].join('\n');
}

/** One line: what the application would have seen. */
export function formatProbe(probe: ProbeReport): string {
  const errors = Object.entries(probe.errors).map(([kind, count]) => `${count} × ${kind}`);
  return [
    `Probe of shard ${probe.shard}: ${probe.acknowledged} writes acknowledged, ${probe.lost} lost`,
    `longest gap ${formatMs(probe.longestGapMs)}`,
    errors.length === 0 ? 'no errors' : `errors: ${errors.join(', ')}`,
    ...(probe.unacknowledged > 0 ? [`${probe.unacknowledged} never acknowledged`] : []),
    ...(probe.unread > 0 ? [`${probe.unread} could not be read back`] : []),
    ...(probe.removed ? [] : ['its keys could not be removed and expire within the hour']),
  ].join('; ');
}

/** What the layout does not survive as it is; nothing when it survives the loss of any host. */
export function formatFatal(losses: readonly HostLoss[]): readonly string[] {
  return losses.map(({ host, why }) => `The cluster would not survive the loss of ${host}: ${why}.`);
}

function formatDetails(move: Move | Replaced): readonly string[] {
  const replaced = 'statement' in move ? formatReplaced(move) : [];
  return [formatMarks(move.handOver), ...replaced, ...(move.probe ? [formatProbe(move.probe)] : [])];
}

function formatMarks({ shard, offsets, epochs }: HandOver): string {
  const stream = `${offsets.before.from ?? 'unknown'} before, ${offsets.after.to ?? 'unknown'} after`;
  return `Shard ${shard}: offset ${stream}; config epoch ${epochs.before} before, ${epochs.after} after.`;
}

function formatReplaced({ handOver, death, statement, after }: Replaced): readonly string[] {
  return [
    death
      ? `${handOver.from} did not run when it was replaced: ${death.evidence.join('; ')}.`
      : `${handOver.from} was not proven dead.`,
    `Before: ${statement}.`,
    `After: ${handOver.to} took over at offset ${after.tookOverAt ?? '?'}; ${describeLost(after)}.`,
  ];
}

function describeLost({ lostBytes = 0, diverged }: LossAfter): string {
  if (diverged === false) return "nothing was lost: the old master's stream ended there";
  const least = lostBytes > 0 ? `at least ${lostBytes} bytes of its stream` : 'how much is not known';
  return diverged
    ? `the old master had gone on by itself, and what it acknowledged then is lost (${least})`
    : `what the old master acknowledged beyond that is lost (${least})`;
}
