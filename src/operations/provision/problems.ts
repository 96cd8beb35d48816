import { joinNames } from '../../checks/text.ts';
import { HostsFailedError, RefusedError, WeedgoError } from '../../base/errors.ts';
import { type HostProblem, problemError } from '../../host/requirements/problem.ts';
import type { Emit } from '../../session/events.ts';

/** How provision ends because of its problems, and so what plan reports; undefined: nothing blocks it. */
export type Verdict = 'refused' | 'failed' | undefined;

/** A refusal weighs more than a failure. */
export function judge(problems: readonly Pick<HostProblem, 'kind'>[]): Verdict {
  if (problems.some(({ kind }) => kind === 'refused')) return 'refused';
  return problems.some(({ kind }) => kind !== 'warning') ? 'failed' : undefined;
}

/** What was done before problems are looked at; a line per host. */
type Before = { readonly isChanged: boolean; readonly done: readonly string[] };

/**
 * Ends the operation when anything but a warning blocks it. A refusal weighs more than a failure: exit 4, as
 * long as nothing was changed. Throws RefusedError or HostsFailedError with all of them.
 */
export function stopOnProblems(
  problems: readonly HostProblem[],
  before: Before = { isChanged: false, done: [] },
): void {
  if (before.isChanged) stopMidway(problems, before.done);
  const refused = problems.filter(({ kind }) => kind === 'refused');
  if (judge(problems) === 'refused') {
    throw new RefusedError('nothing was changed on any host', {
      hints: gather(refused).flatMap(({ message, hints }) => [message, ...hints.map((hint) => `  ${hint}`)]),
    });
  }
  const failures = problems.map(problemError).filter((error) => error instanceof WeedgoError);
  if (failures.length > 0) throw new HostsFailedError('the preflight', failures);
}

/**
 * Refusals that several nodes have in common, with the same way out, as one, with the names of the first of
 * them.
 */
function gather(problems: readonly HostProblem[]): readonly Pick<HostProblem, 'message' | 'hints'>[] {
  const groups = new Map<unknown, HostProblem[]>();
  for (const problem of problems) {
    const { shared, hints } = problem;
    const key = shared === undefined ? problem : JSON.stringify([shared, hints]);
    groups.set(key, [...(groups.get(key) ?? []), problem]);
  }
  return [...groups.values()].flatMap(([first, ...others]) => {
    if (!first || others.length === 0) return first ?? [];
    const names = [first, ...others].map(({ node, host }) => node ?? host);
    return [{ message: `${joinNames(names)}: ${first.shared ?? first.message}`, hints: first.hints }];
  });
}

/** Throws HostsFailedError: what was done stays done, and is said. */
function stopMidway(problems: readonly HostProblem[], done: readonly string[]): void {
  const failures = problems.map(problemError).filter((error) => error instanceof WeedgoError);
  if (failures.length === 0) return;
  throw new HostsFailedError('provisioning', failures, {
    hints: [
      ...(done.length > 0 ? ['Done before, and not undone:', ...done.map((line) => `  ${line}`)] : []),
      'Run the same command again when this is fixed: it resumes from what is there.',
    ],
  });
}

/** What several hosts have in common is said once, with their names. */
export function warnOfProblems(problems: readonly HostProblem[], emit: Emit): void {
  const groups = new Map<string, readonly HostProblem[]>();
  for (const problem of problems.filter(({ kind }) => kind === 'warning')) {
    const key = generalize(problem, '*').join('\n');
    groups.set(key, [...(groups.get(key) ?? []), problem]);
  }
  for (const [first, ...others] of groups.values()) {
    if (!first) continue;
    const names = [first, ...others].map(({ host }) => host);
    const [message = '', ...hints] =
      others.length === 0 ? [first.message, ...first.hints] : generalize(first, names.join(', '));
    emit({ type: 'warning', message, hints });
  }
}

/** The message and hints with the host's name replaced. */
const generalize = ({ host, message, hints }: HostProblem, name: string): readonly string[] =>
  [message, ...hints].map((text) => text.replaceAll(new RegExp(`(?<![\\w-])${host}(?![\\w-])`, 'g'), name));
