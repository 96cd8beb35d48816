import { createColors } from 'picocolors';
import { UsageError } from '../errors.ts';
import type { Report, ReportFinding } from '../operations/report/schema.ts';
import { verify, type VerifyOptions } from '../operations/verify/verify.ts';
import type { CommandResult, Invocation } from './command.ts';
import { formatFailure } from './failure.ts';
import { readSeconds } from './seconds.ts';
import { formatFinding, formatReport, formatVerdict } from './views/verify.ts';
import { watch } from './watch.ts';

const standardSeconds = 10;

/** Verifies again and again: everything at first, then only what is new and what is gone. Ends with Ctrl-C. */
export async function watchVerify(
  invocation: Invocation,
  request: VerifyOptions,
  exitCodeFor: (report: Report) => number,
): Promise<CommandResult> {
  const { options, global, terminal } = invocation;
  if (global.json) throw new UsageError('--watch prints as it goes: it has no --json');
  const intervalMs = readSeconds('--watch', options['watch'], standardSeconds) * 1000;
  const view = { color: terminal.color, quiet: global.quiet, whatIf: options['whatIf'] === true };
  let before: Report | undefined;
  const last = await watch<Report>(invocation, {
    intervalMs,
    look: (session) => verify(session, request),
    isPartial: ({ hosts }) => hosts.some(({ reachable }) => !reachable),
    show: (report) => {
      const text =
        before === undefined ? formatReport(report, view) : formatChanges(before, report, terminal.color);
      if (text !== '') console.log(text);
      before = report;
    },
    showFailure: (error) => console.error(formatFailure(error, terminal.color)),
  });
  return { data: {}, text: '', exitCode: last ? exitCodeFor(last) : 1 };
}

/** What came and what went between two reports; '' when nothing did. */
function formatChanges(before: Report, after: Report, color: boolean): string {
  const paint = createColors(color);
  const known = new Set(before.findings.map(identity));
  const still = new Set(after.findings.map(identity));
  const fresh = after.findings.filter((finding) => !known.has(identity(finding)));
  const gone = before.findings.filter((finding) => !still.has(identity(finding)));
  if (fresh.length === 0 && gone.length === 0) return '';
  const time = after.checkedAt.slice(11, 19);
  return [
    `\n${time} ${formatVerdict(after, paint)}`,
    ...gone.map(({ title, id }) => `${paint.green('- gone:')} ${title} ${paint.dim(id)}`),
    ...fresh.map((finding) => `${paint.red('+ new:')} ${formatFinding(finding, paint)}`),
  ].join('\n');
}

/** Figures in a finding may move without it being another. */
function identity({ id, nodes, hosts }: ReportFinding): string {
  return [id, ...nodes, ...hosts].join(' ');
}
