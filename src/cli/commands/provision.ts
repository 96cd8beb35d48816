import { provision, type ProvisionReport } from '../../operations/provision/provision.ts';
import type { CommandRun } from '../command.ts';
import { formatMs } from '../progress.ts';
import { withSession } from '../session.ts';
import { formatNodes } from '../views/nodes.ts';

export const run: CommandRun = async (invocation) => {
  const report = await withSession(
    invocation,
    (session) => provision(session, { command: invocation.commandLine }),
    {
      createSecrets: true,
    },
  );
  return { data: { ok: true, ...report }, text: formatReport(report) };
};

function formatReport({ changed, cluster, nodes, stages }: ProvisionReport): string {
  const total = stages.reduce((sum, { durationMs }) => sum + durationMs, 0);
  const slowest = stages.map(({ stage, durationMs }) => `${stage} ${formatMs(durationMs)}`).join(', ');
  const verdict = changed
    ? `${cluster} is provisioned: every node sees the whole cluster.`
    : `Nothing to do: ${cluster} is what the inventory says.`;
  return [
    formatNodes(nodes),
    '',
    `${verdict} ${formatMs(total)} (${slowest})`,
    'Next: weedgo-redis verify · weedgo-redis env (settings for the application) · weedgo-redis status',
  ].join('\n');
}
