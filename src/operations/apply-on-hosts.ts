import { HostsFailedError, OperationError, WeedgoError } from '../base/errors.ts';
import { applySteps } from '../host/apply.ts';
import { describeStep, type HostStep } from '../host/step.ts';
import { explainStart } from '../observation/explain-start.ts';
import type { Session } from '../session/session.ts';
import { waitTellers } from '../session/wait-teller.ts';

export type HostSteps = readonly [host: string, steps: readonly HostStep[]];

/**
 * Does each host's steps, all hosts at once. One host's failure does not stop the others' steps; all failures
 * are told together. `doing` is what the failure message says was tried. Throws HostsFailedError or
 * InterruptedError.
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
  if (interrupted) throw interrupted;
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
