import { createColors } from 'picocolors';
import { exitCodes } from '../../errors.ts';
import { checkHosts, type CheckReport } from '../../operations/check/check.ts';
import type { CommandRun } from '../command.ts';
import { withSession } from '../session.ts';
import { formatTable } from '../views/table.ts';

export const run: CommandRun = async (invocation) => {
  const report = await withSession(invocation, checkHosts, { privilege: 'try' });
  const exitCode = report.passed ? exitCodes.ok : exitCodes.failed;
  return {
    data: { ok: report.passed, exitCode, ...report },
    text: formatChecks(report, invocation.terminal.color),
    exitCode,
  };
};

function formatChecks({ cluster, passed, hosts }: CheckReport, color: boolean): string {
  const paint = createColors(color);
  const marks = {
    ok: paint.green('ok'),
    warning: paint.yellow('warning'),
    failed: paint.red('FAILED'),
    unknown: paint.dim('unknown'),
  };
  const rows = hosts.flatMap(({ host, lines }) =>
    lines.map((line) => [host, line.check, marks[line.outcome], line.detail]),
  );
  const hints = hosts.flatMap(({ host, lines }) =>
    lines
      .filter(({ hints: each }) => each.length > 0)
      .flatMap(({ check, hints: each }) => ['', `${host}, ${check}:`, ...each.map((hint) => `  → ${hint}`)]),
  );
  const verdict = passed
    ? `${cluster} can be provisioned.`
    : `${cluster} cannot be provisioned yet: see above.`;
  return [formatTable(['HOST', 'CHECK', '', ''], rows), ...hints, '', verdict].join('\n');
}
