import type { ClusterView } from '../../cluster/view.ts';
import type { PlanInput } from '../../host/planning/input.ts';
import type { HostProblem } from '../../host/requirements/problem.ts';
import { describeStep, type HostStep } from '../../host/step.ts';
import { changing } from '../../session/changing.ts';
import type { Session } from '../../session/session.ts';
import { createStages, type StageTiming } from '../../session/stages.ts';
import { applyOnHosts } from '../apply-on-hosts.ts';
import { judge, stopOnProblems, warnOfProblems } from '../provision/problems.ts';
import { partition } from './held.ts';
import { ownInputs } from './own-inputs.ts';
import type { MissingHosts } from './without-hosts.ts';

export type LifecycleReport = {
  readonly changed: boolean;
  readonly stages: readonly StageTiming[];
  /** What was done, in order; hosts where nothing had to be are missing. */
  readonly done: readonly { readonly host: string; readonly steps: readonly string[] }[];
};

export type Request = { readonly command: string };

type HostsRequest = Request & {
  readonly reason: string;
  readonly title: string;
  /** Hosts that cannot be reached are left out; otherwise they keep it from being begun. */
  readonly partly?: boolean;
  /**
   * Nodes that wait for their replicas to take over (`heldFor`) are left out; otherwise they keep it from
   * being begun.
   */
  readonly leavesHeld?: boolean;
  /** What is done when the hosts have done theirs. */
  readonly after?: (locked: Session) => Promise<void>;
  /** See `LockRequest`. */
  readonly leavesNothing?: () => boolean;
};

export type HostPlanner = (
  input: PlanInput,
  view: ClusterView,
) => { readonly steps: readonly HostStep[]; readonly problems: readonly HostProblem[] };

/**
 * Plans from one observation, then does one round after the other on all hosts at once. `plan` reads what its
 * rounds need besides the observation.
 */
export async function onEveryHost(
  session: Session,
  { title, after, partly = false, leavesHeld = false, ...request }: HostsRequest,
  plan: (locked: Session) => Promise<readonly HostPlanner[]>,
): Promise<LifecycleReport & { readonly missing: MissingHosts; readonly held: readonly HostProblem[] }> {
  const { reason } = request;
  return changing(session, request, async (locked) => {
    const stages = createStages(locked);
    const { inputs, view, missing } = await stages.run('observe', 'Read the hosts', async () => ({
      value: await ownInputs(locked, partly),
      changed: false,
    }));
    const rounds = await plan(locked);
    const plans = rounds.map((round) =>
      inputs.map((input) => [input.host.name, round(input, view)] as const),
    );
    const problems = plans.flat().flatMap(([, { problems: found }]) => found);
    const { held, others } = partition(problems, leavesHeld);
    stopOnProblems(judge(others) === undefined ? others : problems);
    warnOfProblems(others, locked.emit);
    const planned = plans.map((round) =>
      round.flatMap(([host, { steps }]) => (steps.length > 0 ? [[host, steps] as const] : [])),
    );
    const all = planned.flat();
    await stages.run(reason, title, async () => {
      for (const round of planned) await applyOnHosts(locked, reason, round);
      await after?.(locked);
      return { value: undefined, changed: all.length > 0 };
    });
    return {
      missing,
      held,
      changed: all.length > 0,
      stages: stages.timings,
      done: all.map(([host, steps]) => ({ host, steps: steps.map(describeStep) })),
    };
  });
}
