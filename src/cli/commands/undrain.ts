import { undrain } from '../../operations/undrain/undrain.ts';
import { approvalOf } from '../approval.ts';
import type { CommandRun } from '../command.ts';
import { failoverOptions } from '../failover-options.ts';
import { withSession } from '../session.ts';
import { formatMoves } from '../views/moves.ts';

export const run: CommandRun = async (invocation) => {
  const host = invocation.args[0] ?? '';
  const options = failoverOptions(invocation);
  const report = await withSession(invocation, (session) =>
    undrain(session, { host, ...options, approval: approvalOf(invocation), command: invocation.commandLine }),
  );
  const verdict = report.changed
    ? `${host} is back: its nodes are in sync and have their roles again.`
    : `Nothing to do: ${host} is not drained and its nodes are in sync.`;
  const text = report.moves.length > 0 ? `${formatMoves(report.moves)}\n${verdict}` : verdict;
  return { data: { ok: true, ...report }, text };
};
