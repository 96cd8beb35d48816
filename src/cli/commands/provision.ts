import { createPaint } from '../paint.ts';
import { exitCodes, UsageError } from '../../base/errors.ts';
import type { LossRequest } from '../../operations/provision/lost.ts';
import { provision, type ProvisionReport } from '../../operations/provision/provision.ts';
import { approvalOf } from '../approval.ts';
import type { CommandRun, Invocation, Terminal } from '../command.ts';
import { noRestart } from '../option-values.ts';
import { formatMs } from '../progress.ts';
import { withSession } from '../session.ts';
import { causesOf } from '../../report/causes.ts';
import { formatFinding } from '../views/finding.ts';
import { formatShards } from '../views/verify.ts';
import { widthOf } from '../views/wrap.ts';

export const run: CommandRun = async (invocation) => {
  const lost = lostOf(invocation);
  const report = await withSession(invocation, (session) =>
    provision(session, {
      approval: approvalOf(invocation),
      command: invocation.commandLine,
      lost,
      noRestart: noRestart(invocation),
    }),
  );
  const ok = report.findings.every(({ severity }) => severity !== 'critical');
  return {
    data: { ok, ...report },
    text: formatReport(report, invocation.terminal),
    exitCode: ok ? exitCodes.ok : exitCodes.findings,
  };
};

/** Throws UsageError for what is not a list of numbers. */
function lostOf(invocation: Invocation): LossRequest | undefined {
  const text = invocation.options['lostShard'];
  if (typeof text !== 'string') return undefined;
  if (!/^\d+(,\d+)*$/.test(text))
    throw new UsageError(`--lost-shard ${text} is not the number of a shard`, {
      hints: ['For example: weedgo-redis provision --lost-shard 1'],
    });
  const shards = [...new Set(text.split(',').map(Number))].toSorted((a, b) => a - b);
  return { shards, approval: approvalOf(invocation) };
}

function formatReport(
  { changed, cluster, nodes, findings, stages }: ProvisionReport,
  terminal: Terminal,
): string {
  const paint = createPaint(terminal.color);
  const width = widthOf(terminal);
  const total = stages.reduce((sum, { durationMs }) => sum + durationMs, 0);
  const each = stages.map(({ stage, durationMs }) => `${stage} ${formatMs(durationMs)}`).join(', ');
  const versions = [...new Set(nodes.flatMap(({ version }) => version ?? []))].join(' and ');
  const worth = causesOf(findings).filter(({ finding }) => finding.severity !== 'info');
  const verdict = changed
    ? `${cluster} is provisioned: every node sees the whole cluster${worth.length === 0 ? '' : ', with findings'}.`
    : worth.length === 0
      ? `Nothing to do: ${cluster} is what the inventory says.`
      : `Nothing was changed: ${cluster} is not what the inventory says, and provision does not fix the findings above.`;
  return [
    formatShards(nodes, paint, width),
    ...worth.flatMap((cause) => ['', formatFinding(cause, paint, { width })]),
    '',
    `${verdict} Version ${versions}; ${formatMs(total)} (${each}).`,
    'Next: weedgo-redis verify · weedgo-redis env (settings for the application) · weedgo-redis status',
  ].join('\n');
}
