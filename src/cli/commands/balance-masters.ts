import { balanceMasters } from '../../operations/balance-masters/balance-masters.ts';
import { approvalOf } from '../approval.ts';
import type { CommandRun } from '../command.ts';
import { failoverOptions } from '../failover-options.ts';
import { withSession } from '../session.ts';
import { formatMoves } from '../views/moves.ts';

export const run: CommandRun = async (invocation) => {
  const options = failoverOptions(invocation);
  const report = await withSession(invocation, (session) =>
    balanceMasters(session, {
      ...options,
      approval: approvalOf(invocation),
      command: invocation.commandLine,
    }),
  );
  const { moves, problems } = report;
  const nothing =
    problems.length > 0
      ? 'No master was moved.'
      : 'Nothing to do: every master is where the inventory prefers it, drained hosts aside.';
  const text = [moves.length > 0 ? formatMoves(moves) : nothing, ...problems].join('\n');
  return { data: { ok: true, changed: moves.length > 0, ...report }, text };
};
