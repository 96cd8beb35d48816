import { OperationError } from '../../base/errors.ts';
import { untilObservation } from '../../host/plan.ts';
import { describeStep, type HostStep } from '../../host/step.ts';
import { applyOnHosts, type HostSteps } from '../apply-on-hosts.ts';
import { observe } from '../../observation/observe.ts';
import type { Session } from '../../session/session.ts';
import type { StageResult } from '../../session/stages.ts';
import { planProvision, type ProvisionPlan } from './plan.ts';
import { stopOnProblems } from './problems.ts';

/**
 * Does the hosts' steps, all hosts at once, and observes and plans again until no host has any left. One
 * round is enough for configuration; package lists and installations end a round of their own, since what
 * they bring is known only afterwards. `isChanged`: something was changed before. `beforeSecrets` is awaited
 * before a host gets a file with a password. Resolves to the last plan.
 */
export async function convergeHosts(
  session: Session,
  first: ProvisionPlan,
  { isChanged, beforeSecrets }: { readonly isChanged: boolean; readonly beforeSecrets: () => Promise<void> },
): Promise<StageResult<ProvisionPlan>> {
  let plan = first;
  let refreshed = false;
  const done: string[] = [];
  for (let round = 0; ; round += 1) {
    const due = [...plan.hosts].map(([host, { steps }]) => [host, untilObservation(steps)] as const);
    const pending = due.filter(([, steps]) => steps.length > 0);
    if (pending.length === 0) return { value: plan, changed: round > 0 };
    if (round === maxRounds) throw unsettled(pending);
    stopOnProblems(plan.problems, { isChanged: isChanged || done.length > 0, done });
    if (pending.some(([, steps]) => steps.some(holdsSecret))) await beforeSecrets();
    await applyOnHosts(session, 'provisioning', pending);
    done.push(...pending.map(([host, steps]) => `${host}: ${steps.map(describeStep).join('; ')}`));
    refreshed ||= pending.some(([, steps]) => steps.some(({ kind }) => kind === 'refresh-packages'));
    const observation = await observe(session, { askDefaults: true });
    plan = planProvision({ ...session, terms: plan.terms, observation, refreshed });
    stopOnProblems(plan.problems, { isChanged: true, done });
  }
}

const holdsSecret = (step: HostStep): boolean => step.kind === 'write-file' && step.file.secret;

/**
 * Package lists, installation, configuration; a fourth round would mean that a step does not do what it says.
 */
const maxRounds = 3;

function unsettled(pending: readonly HostSteps[]): OperationError {
  return new OperationError('the hosts are not what the inventory says although every step was done', {
    hints: pending.flatMap(([host, steps]) =>
      steps.map((step) => `${host}: still to do: ${describeStep(step)}`),
    ),
  });
}
