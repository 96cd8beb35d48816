import { exitCodes } from '../../base/errors.ts';
import { checkHosts } from '../../operations/check/check.ts';
import type { CommandRun } from '../command.ts';
import { withSession } from '../session.ts';
import { formatChecks } from '../views/check.ts';

export const run: CommandRun = async (invocation) => {
  const report = await withSession(invocation, checkHosts, { privilege: 'try', secrets: 'optional' });
  const exitCode = report.passed ? exitCodes.ok : exitCodes.failed;
  return {
    data: { ok: report.passed, ...report },
    text: formatChecks(report, invocation.terminal),
    exitCode,
  };
};
