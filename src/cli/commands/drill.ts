import { UsageError } from '../../base/errors.ts';
import { drill } from '../../operations/drill/drill.ts';
import type { DrillReport } from '../../operations/drill/drill.ts';
import { approvalOf } from '../approval.ts';
import type { CommandRun, Invocation } from '../command.ts';
import { probeRate } from '../failover-options.ts';
import { textOption } from '../option-values.ts';
import { formatMs } from '../progress.ts';
import { withSession } from '../session.ts';
import { formatProbe } from '../views/moves.ts';
import { formatTable } from '../views/table.ts';

export const run: CommandRun = async (invocation) => {
  const request = {
    target: invocation.args[0] ?? '1',
    how: kindOf(invocation),
    iKnow: invocation.options['iKnow'] === true,
    probe: { rate: probeRate(invocation.options) },
    approval: approvalOf(invocation),
    command: invocation.commandLine,
  };
  const report = await withSession(invocation, (session) => drill(session, request));
  return { data: { ok: true, ...report }, text: formatReport(report) };
};

function kindOf({ options }: Invocation): 'kill' | 'stop' {
  const how = textOption(options, 'how') ?? 'kill';
  if (how === 'kill' || how === 'stop') return how;
  throw new UsageError(`--how ${how}: must be kill or stop`);
}

const shownRecords = 10;

function formatReport({ record, probe, file, trend }: DrillReport): string {
  const rows = trend
    .slice(-shownRecords)
    .map((each) => [
      each.at.slice(0, 19).replace('T', ' '),
      each.how,
      each.from,
      each.to,
      formatMs(each.nodeTimeoutMs),
      each.detectedMs === undefined ? '-' : formatMs(each.detectedMs),
      formatMs(each.promotedMs),
      formatMs(each.recoveredMs),
      formatMs(each.longestGapMs),
      String(each.lost),
    ]);
  const header = [
    'WHEN (UTC)',
    'HOW',
    'FROM',
    'TO',
    'NODE TIMEOUT',
    'DETECTED',
    'PROMOTED',
    'RECOVERED',
    'GAP',
    'LOST',
  ];
  return [
    formatTable(header, rows),
    formatProbe(probe),
    `${record.from} was brought down; ${record.to} took over after ${formatMs(record.promotedMs)}. Record: ${file}`,
  ].join('\n');
}
