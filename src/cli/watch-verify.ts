import { printNote, printResult, terminalAt } from './output.ts';
import { createPaint } from './paint.ts';
import { exitCodes, UsageError } from '../base/errors.ts';
import { joinNames } from '../checks/text.ts';
import { type Cause, causesOf } from '../report/causes.ts';
import { namesOf } from '../report/named.ts';
import type { Report, ReportFinding } from '../report/schema.ts';
import { verify, type VerifyOptions } from '../operations/verify/verify.ts';
import type { CommandResult, Invocation } from './command.ts';
import { formatFailure } from './failure.ts';
import { readSeconds } from './seconds.ts';
import { formatFinding } from './views/finding.ts';
import { formatReport, formatVerdict, type VerifyViewOptions } from './views/verify.ts';
import { widthOf, wrap } from './views/wrap.ts';
import { watch } from './watch.ts';

const standardSeconds = 10;

/**
 * Verifies again and again: everything at first, then only what is new and what is gone. Ends with Ctrl-C.
 */
export async function watchVerify(
  invocation: Invocation,
  request: VerifyOptions,
  exitCodeFor: (report: Report) => number,
): Promise<CommandResult> {
  const { options, global, terminal } = invocation;
  if (global.json) throw new UsageError('--watch prints as it goes: it has no --json');
  const intervalMs = readSeconds('--watch', options['watch'], standardSeconds) * 1000;
  const view = (): VerifyViewOptions => ({
    color: terminal.color,
    // It may have been made wider since.
    width: widthOf({ ...terminal, columns: terminalAt('stdout').columns }),
    quiet: global.quiet,
    whatIf: options['whatIf'] === true,
  });
  let before: Report | undefined;
  let isBlind = false;
  const last = await watch<Report>(invocation, {
    intervalMs,
    look: (session) => verify(session, request),
    isPartial: ({ hosts }) => hosts.some(({ reachable }) => !reachable),
    show: (report) => {
      const text =
        before === undefined ? formatReport(report, view()) : formatChanges(before, report, view());
      if (text !== '') printResult(text);
      before = report;
    },
    showFailure: (error) => {
      isBlind = true;
      printNote(formatFailure(error, terminal.color));
    },
  });
  // Ended before the first look was done, there is nothing to judge by.
  const otherwise = isBlind ? exitCodes.failed : exitCodes.interrupted;
  return { data: {}, text: '', exitCode: last ? exitCodeFor(last) : otherwise };
}

/** What came and what went between two reports; '' when nothing did. */
function formatChanges(before: Report, after: Report, { color, width }: VerifyViewOptions): string {
  const paint = createPaint(color);
  const gone = changedSince(after, before.findings);
  const fresh = changedSince(before, after.findings);
  if (fresh.length === 0 && gone.length === 0) return '';
  const time = after.checkedAt.slice(11, 19);
  return [
    `\n${time} ${formatVerdict(after, paint, width - time.length - 1)}`,
    ...gone.flatMap(({ cause: { finding }, of }) => {
      const { title, id } = finding;
      const mark = `- gone${of}:`;
      const [first = '', ...rest] = wrap(`${mark} ${title} ${id}`, width - 2);
      return [`${paint.green(mark)}${first.slice(mark.length)}`, ...rest.map((line) => `  ${line}`)];
    }),
    ...fresh.map(({ cause, of }) => {
      const mark = `+ new${of}:`;
      return `${paint.red(mark)} ${formatFinding(cause, paint, { width, taken: mark.length + 1 })}`;
    }),
  ].join('\n');
}

type Change = { readonly cause: Cause; readonly of: string };

/** Causes that the other report has not, or not ` for` all of these nodes or hosts. */
function changedSince(other: Report, findings: readonly ReportFinding[]): readonly Change[] {
  const known = new Set(causesOf(other.findings).flatMap(({ finding }) => identities(finding)));
  return causesOf(findings).flatMap((cause) => {
    const { finding } = cause;
    const all = identities(finding);
    const changed = namesOf(finding).filter((_, index) => !known.has(all[index] ?? ''));
    if (all.every((identity) => known.has(identity))) return [];
    return [{ cause, of: changed.length === all.length ? '' : ` for ${joinNames(changed)}` }];
  });
}

/** One for each node or host; figures in a finding may move without it being another. */
function identities(finding: ReportFinding): readonly string[] {
  const kind = `${finding.id} ${finding.severity}`;
  const places = namesOf(finding);
  return places.length === 0 ? [kind] : places.map((place) => `${kind} ${place}`);
}
