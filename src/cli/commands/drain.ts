import { drain } from '../../operations/drain/drain.ts';
import type { DrainReport } from '../../operations/drain/drain.ts';
import { approvalOf } from '../approval.ts';
import type { CommandRun } from '../command.ts';
import { failoverOptions } from '../failover-options.ts';
import { withSession } from '../session.ts';
import { formatMoves } from '../views/moves.ts';

export const run: CommandRun = async (invocation) => {
  const host = invocation.args[0] ?? '';
  const options = failoverOptions(invocation);
  const report = await withSession(invocation, (session) =>
    drain(session, { host, ...options, approval: approvalOf(invocation), command: invocation.commandLine }),
  );
  return { data: { ok: true, safeToReboot: true, ...report }, text: formatReport(report) };
};

function formatReport({ host, moves, changed, bareShards }: DrainReport): string {
  return [
    ...(moves.length > 0 ? [formatMoves(moves)] : []),
    ...bareShards.map((number) => `While ${host} is away shard ${number} has no second copy.`),
    `${changed ? '' : 'Nothing to do: '}${host} has no masters and its replicas stand for no election: safe to reboot.`,
    `Afterwards: weedgo-redis undrain ${host}`,
  ].join('\n');
}
