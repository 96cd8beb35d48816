import { count } from '../../checks/text.ts';
import { exitCodes } from '../../base/errors.ts';
import { type HostChanges, planReport, type PlanReport } from '../../operations/provision/plan-report.ts';
import type { CommandRun } from '../command.ts';
import { noRestart } from '../option-values.ts';
import { withSession } from '../session.ts';

export const run: CommandRun = async (invocation) => {
  const { options, global } = invocation;
  const report = await withSession(invocation, (session) =>
    planReport(session, { noRestart: noRestart(invocation) }),
  );
  return {
    data: { ok: report.blocked === null, ...report },
    text: formatPlan(report, { whole: options['diff'] === true || global.verbose }),
    exitCode: exitCodeFor(report, options['exitCode'] === true),
  };
};

/** Where provision would be refused or fail at once, the same code as provision's. */
function exitCodeFor({ blocked, empty, sound }: PlanReport, tellsChanges: boolean): number {
  if (blocked !== null) return exitCodes[blocked];
  return tellsChanges && !(empty && sound) ? exitCodes.findings : exitCodes.ok;
}

type Detail = {
  /** Files that are not there yet in full, and not only how long they are. */
  readonly whole: boolean;
};

function formatPlan(report: PlanReport, detail: Detail): string {
  // Warnings were given as they came.
  const blocking = report.problems.filter(({ kind }) => kind !== 'warning');
  if (report.empty && blocking.length === 0)
    return report.sound
      ? `Nothing to do: ${report.cluster} is what the inventory says.`
      : `No steps, but ${report.cluster} is not what the inventory says. Run weedgo-redis verify: it says what to do.`;
  const refusals = blocking.flatMap(({ kind, message, hints }) => [
    `${kind}: ${message}`,
    ...hints.map((hint) => `  → ${hint}`),
  ]);
  const live = section('Running nodes, without a restart:', report.live);
  const form = section('The cluster:', report.form);
  const assumed =
    report.assumed.length === 0 || report.form.length === 0
      ? []
      : [`  (assuming that ${report.assumed.join(', ')}, where nothing listens yet, will run and be empty)`];
  const unseen =
    report.unseen.length === 0
      ? []
      : [
          `(${report.unseen.join(', ')} ${report.unseen.length === 1 ? 'does not run and has' : 'do not run and have'} data; what more is to do is seen when they run)`,
        ];
  return [
    ...refusals,
    ...report.hosts.flatMap((changes) => formatHost(changes, detail)),
    ...live,
    ...section('Running nodes, one after the other, each in sync before the next:', [
      ...report.moves,
      ...report.restarts,
    ]),
    ...form,
    ...assumed,
    ...unseen,
    ...(hidesLines(report, detail) ? ['New files in full: weedgo-redis plan --diff'] : []),
    blocking.length > 0 ? 'provision would stop before changing anything: see above.' : summary(report),
  ].join('\n');
}

const formatHost = ({ host, steps }: HostChanges, { whole }: Detail): readonly string[] => {
  const lines = steps.flatMap(({ step, diff, newLines }) =>
    newLines === undefined || whole
      ? [`  ${step}`, ...(diff ? indent(diff) : [])]
      : [`  ${step}, ${count(newLines, 'line')}`],
  );
  return lines.length === 0 ? [] : [`${host}:`, ...lines, ''];
};

const hidesLines = ({ hosts }: PlanReport, { whole }: Detail): boolean =>
  !whole && hosts.some(({ steps }) => steps.some(({ newLines }) => newLines !== undefined));

const section = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${line}`), ''];

const indent = (text: string): readonly string[] => text.split('\n').map((line) => `    ${line}`);

function summary({ hosts, live, moves, restarts, form }: PlanReport): string {
  const steps =
    hosts.reduce((sum, host) => sum + host.steps.length, 0) +
    live.length +
    moves.length +
    restarts.length +
    form.length;
  return `${count(steps, 'step')}. Nothing was changed; weedgo-redis provision does them.`;
}
