import { HostsFailedError, RefusedError, WeedgoError } from '../../errors.ts';
import { type HostProblem, problemError } from '../../host/requirements/problem.ts';
import type { Emit } from '../events.ts';

/**
 * Ends the operation when anything but warnings speaks against it. A refusal weighs more than a failure: exit 4.
 * Throws RefusedError or HostsFailedError with all of them.
 */
export function stopOnProblems(problems: readonly HostProblem[]): void {
  const refused = problems.filter(({ kind }) => kind === 'refused');
  const [first] = refused;
  if (first) {
    throw new RefusedError('nothing was changed on any host', {
      hints: refused.flatMap(({ message, hints }) => [message, ...hints.map((hint) => `  ${hint}`)]),
    });
  }
  const failures = problems.map(problemError).filter((error) => error instanceof WeedgoError);
  if (failures.length > 0) throw new HostsFailedError('the preflight', failures);
}

export function warnOfProblems(problems: readonly HostProblem[], emit: Emit): void {
  for (const { kind, message, hints } of problems)
    if (kind === 'warning') emit({ type: 'warning', message, hints });
}
