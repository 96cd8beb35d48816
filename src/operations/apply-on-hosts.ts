import { HostsFailedError, InterruptedError, OperationError, runAgain, WeedgoError } from '../base/errors.ts';
import { applySteps } from '../host/apply.ts';
import { listSteps } from '../host/step-failure.ts';
import { describeStep, type HostStep } from '../host/step.ts';
import { explainStart } from '../observation/explain-start.ts';
import type { Session } from '../session/session.ts';
import { waitTellers } from '../session/wait-teller.ts';

export type HostSteps = readonly [host: string, steps: readonly HostStep[]];

/**
 * Does each host's steps, all hosts at once. One host's failure does not stop the others' steps; all failures
 * are reported together. `doing` is what the failure message says was tried. Throws HostsFailedError, or an
 * InterruptedError that has the other hosts' failures and accounts among its hints.
 */
export async function applyOnHosts(
  session: Session,
  doing: string,
  all: readonly HostSteps[],
): Promise<void> {
  const results = await Promise.allSettled(all.map((each) => applyOn(session, each)));
  const reasons = results.flatMap((result) =>
    result.status === 'rejected' ? [result.reason as unknown] : [],
  );
  const failures = reasons.filter((reason) => reason instanceof WeedgoError);
  if (failures.length < reasons.length) throw reasons.find((reason) => !(reason instanceof WeedgoError));
  const interrupted = failures.find(({ kind }) => kind === 'interrupted');
  if (interrupted) throw withOthers(interrupted, { all, failures });
  if (failures.length > 0) throw new HostsFailedError(doing, failures);
}

async function applyOn(session: Session, [host, steps]: HostSteps): Promise<void> {
  const { shells, emit, signal } = session;
  const shell = shells.get(host);
  if (!shell) throw new OperationError('is not connected', { host });
  try {
    await applySteps(shell, steps, {
      signal,
      ...waitTellers(emit, host),
      onStep: (step, state) => state === 'done' && emit({ type: 'host', host, message: describeStep(step) }),
    });
  } catch (error) {
    throw await explainStart(session, error);
  }
}

type Outcome = { readonly all: readonly HostSteps[]; readonly failures: readonly WeedgoError[] };

/** One host's interruption, with what became of the other hosts. */
function withOthers(interrupted: WeedgoError, { all, failures }: Outcome): InterruptedError {
  const others = failures.filter((failure) => failure !== interrupted);
  const failed = new Set(failures.map(({ host }) => host));
  const finished = all.filter(([host, steps]) => steps.length > 0 && !failed.has(host));
  const hints = [
    ...interrupted.hints.filter((hint) => hint !== runAgain),
    ...others.flatMap(({ message, hints: own }) => [message, ...own.filter((hint) => hint !== runAgain)]),
    ...finished.map(([host, steps]) => `Done on ${host}: ${listSteps(steps)}.`),
    runAgain,
  ];
  return new InterruptedError(interrupted.message, {
    cause: interrupted,
    hints,
    ...(interrupted.host !== undefined && { host: interrupted.host }),
  });
}
