import { writeFile } from 'node:fs/promises';
import { exitCodes, OperationError, UsageError } from '../../base/errors.ts';
import type { Severity } from '../../checks/check.ts';
import { severities } from '../../checks/fold.ts';
import { messageOf } from '../../base/message-of.ts';
import type { Report } from '../../report/schema.ts';
import { renderHtml } from '../../report/html.ts';
import { renderJunit } from '../../report/junit.ts';
import { defaultSettleMs, verify, type VerifyOptions } from '../../operations/verify/verify.ts';
import type { CommandRun, Invocation } from '../command.ts';
import { withSession } from '../session.ts';
import { formatReport } from '../views/verify.ts';
import { widthOf } from '../views/wrap.ts';
import { watchVerify } from '../watch-verify.ts';
import { readSeconds } from '../seconds.ts';

export const run: CommandRun = async (invocation) => {
  const { options, global, terminal } = invocation;
  const failOn = readFailOn(options['failOn']);
  const request: VerifyOptions = {
    writeTest: options['writeTest'] === true,
    settleMs: readSeconds('--settle', options['settle'], defaultSettleMs / 1000) * 1000,
  };
  if (options['watch'] !== undefined)
    return watchVerify(invocation, request, (report) => exitCodeFor(report, failOn));
  const report = await withSession(invocation, (session) => verify(session, request));
  await writeFiles(invocation, report);
  const exitCode = exitCodeFor(report, failOn);
  return {
    data: { ok: exitCode === exitCodes.ok, ...report },
    text: formatReport(report, {
      color: terminal.color,
      width: widthOf(terminal),
      quiet: global.quiet,
      whatIf: options['whatIf'] === true,
    }),
    exitCode,
  };
};

/** 3 as soon as a finding is as bad as `failOn`; info alone never fails. */
export function exitCodeFor({ findings }: Report, failOn: Severity): number {
  const failing = severities.slice(0, severities.indexOf(failOn) + 1);
  return findings.some(({ severity }) => failing.includes(severity)) ? exitCodes.findings : exitCodes.ok;
}

function readFailOn(option: unknown): Severity {
  if (option === undefined || option === 'warning') return 'warning';
  if (option === 'critical') return 'critical';
  throw new UsageError('--fail-on takes critical or warning');
}

async function writeFiles({ options }: Invocation, report: Report): Promise<void> {
  const { html, junit } = options;
  if (typeof html === 'string') await write(html, renderHtml(report));
  if (typeof junit === 'string') await write(junit, renderJunit(report));
}

async function write(file: string, content: string): Promise<void> {
  try {
    await writeFile(file, content);
  } catch (cause) {
    const reason = messageOf(cause);
    throw new OperationError(`the report cannot be written: ${reason}`, { cause });
  }
}
