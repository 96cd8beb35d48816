import { count } from '../../checks/text.ts';
import { restart } from '../../operations/restart/restart.ts';
import type { RestartReport } from '../../operations/restart/restart.ts';
import { approvalOf } from '../approval.ts';
import type { CommandRun } from '../command.ts';
import { failoverOptions } from '../failover-options.ts';
import { formatMs } from '../progress.ts';
import { withSession } from '../session.ts';
import { formatMoves } from '../views/moves.ts';
import { formatTable } from '../views/table.ts';

export const run: CommandRun = async (invocation) => {
  const target = invocation.args[0] ?? '';
  const request = {
    ...failoverOptions(invocation),
    fresh: invocation.options['fresh'] === true,
    approval: approvalOf(invocation),
  };
  const report = await withSession(invocation, (session) =>
    restart(session, { target, ...request, command: invocation.commandLine }),
  );
  return { data: { ok: true, changed: report.restarted.length > 0, ...report }, text: formatReport(report) };
};

function formatReport({ restarted, before, moves }: RestartReport): string {
  const rows = restarted.map(({ node, awayMs }) => [node, formatMs(awayMs)]);
  return [
    ...(before.length > 0 ? [`Restarted by the run before: ${before.join(', ')}.`] : []),
    ...(rows.length > 0 ? [formatTable(['RESTARTED', 'UNTIL IN SYNC'], rows)] : []),
    ...(moves.length > 0 ? ['', formatMoves(moves)] : []),
    `${count(restarted.length + before.length, 'node')} restarted; every replica is in sync and the roles are as before.`,
  ].join('\n');
}
