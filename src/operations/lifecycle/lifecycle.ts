import type { ClusterView } from '../../cluster/view.ts';
import { planDestroy } from '../../host/destroy.ts';
import type { PlanInput } from '../../host/planning/input.ts';
import { planStart, startContext } from '../../host/planning/starts.ts';
import type { HostProblem } from '../../host/requirements/problem.ts';
import { servicesOf } from '../../host/services.ts';
import { describeStep, type HostStep } from '../../host/step.ts';
import { observeCluster } from '../../redis/observe.ts';
import { awaitComplete } from '../await-complete.ts';
import { changing } from '../../session/changing.ts';
import { applyOnHosts } from '../apply-on-hosts.ts';
import { leaveNothing } from './leave-nothing.ts';
import { readJournal, writeJournal } from '../../session/journal/journal.ts';
import { refuseUnconfigured } from '../../failover/unconfigured.ts';
import { judge, stopOnProblems, warnOfProblems } from '../provision/problems.ts';
import { nodesNow } from '../../report/node-table.ts';
import type { ReportNode } from '../../report/schema.ts';
import type { Session } from '../../session/session.ts';
import { createStages, type StageTiming } from '../../session/stages.ts';
import { nodesOn, startedWithout } from './without-hosts.ts';
import type { MissingHosts } from './without-hosts.ts';
import { nodesOf, partition, startedWithoutMasters } from './held.ts';
import { ownInputs } from './own-inputs.ts';
import { unlistedNodes } from './unlisted.ts';

export type LifecycleReport = {
  readonly changed: boolean;
  readonly stages: readonly StageTiming[];
  /** What was done, in order; hosts where nothing had to be are missing. */
  readonly done: readonly { readonly host: string; readonly steps: readonly string[] }[];
};

export type Request = { readonly command: string };

/**
 * Starts every node and waits until all of them see a complete cluster. Throws OperationError naming what
 * lacks; where hosts cannot be reached, once the nodes on the others are ready.
 */
export async function startNodes(
  session: Session,
  request: Request,
): Promise<LifecycleReport & { readonly nodes: readonly ReportNode[] }> {
  const titled = { ...request, reason: 'start', title: 'Start the nodes', after: forgetDrill, partly: true };
  const { missing, held, ...started } = await onEveryHost(session, { ...titled, leavesHeld: true }, [
    (input) => {
      const { inventory, host, desired, facts } = input;
      // Planning comes before anything is started.
      refuseUnconfigured(host, facts, desired.layout.nodes);
      return planStart(startContext(input), servicesOf(inventory, desired.layout, facts));
    },
  ]);
  const stages = createStages(session);
  await stages.run('complete', 'Wait until every node is ready', async () => ({
    value: await awaitComplete(session, new Set([...nodesOn(session, missing), ...nodesOf(held)])),
    changed: false,
  }));
  if (held.length > 0) throw await startedWithoutMasters(session, held, missing);
  if (missing.size > 0) throw await startedWithout(session, missing);
  return {
    ...started,
    stages: [...started.stages, ...stages.timings],
    nodes: nodesNow(session.inventory, await observeCluster(session.inventory.nodes, session.redis)),
  };
}

/** A drill that was killed has left its node down, and now it is up. */
async function forgetDrill(session: Session): Promise<void> {
  const journal = await readJournal(session);
  if (journal.drill) await writeJournal(session, journal, { drill: undefined });
}

/**
 * Leaves nothing of the cluster on its hosts: nodes stopped, configuration, data and logs removed. The
 * operator has typed the cluster's name. Throws RefusedError, before anything is done, where a host has what
 * is not this cluster's.
 */
export async function destroyNodes(session: Session, request: Request): Promise<LifecycleReport> {
  let isBare = false;
  const titled = {
    ...request,
    reason: 'destroy',
    title: 'Stop the nodes and delete their data',
    leavesNothing: () => isBare,
    after: async (locked: Session) => {
      isBare = await leaveNothing(locked);
    },
  };
  // Hosts on one machine share a folder, and a server that is to save into a folder that has gone does not
  // end.
  const {
    missing: _,
    held: __,
    ...report
  } = await onEveryHost(session, titled, [
    (input) => ({ steps: destroySteps(input).filter(isStop), problems: [] }),
    (input) => ({ steps: destroySteps(input).filter((step) => !isStop(step)), problems: [] }),
  ]);
  return report;
}

/**
 * What `destroyNodes` would do, by host, one line a step, and the nodes of the cluster that would stay
 * (`unlistedNodes`); reads the hosts and the nodes, and changes nothing.
 */
export async function describeDestroy(session: Session): Promise<{
  readonly steps: ReadonlyMap<string, readonly string[]>;
  readonly unlisted: readonly string[];
}> {
  const { inputs, view } = await ownInputs(session, false);
  return {
    steps: new Map(inputs.map((input) => [input.host.name, destroySteps(input).map(describeStep)])),
    unlisted: unlistedNodes(session.inventory, view),
  };
}

const isStop = ({ kind }: HostStep): boolean => kind === 'stop-service';

const destroySteps = ({ inventory, desired, facts }: PlanInput): readonly HostStep[] =>
  planDestroy({ inventory, layout: desired.layout, facts });

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
  /** What is done, or refused, before anything else. */
  readonly before?: (locked: Session) => Promise<void>;
  /** What is done when the hosts have done theirs. */
  readonly after?: (locked: Session) => Promise<void>;
  /** See `LockRequest`. */
  readonly leavesNothing?: () => boolean;
};

export type HostPlanner = (
  input: PlanInput,
  view: ClusterView,
) => { readonly steps: readonly HostStep[]; readonly problems: readonly HostProblem[] };

/** Plans from one observation, then does one round after the other on all hosts at once. */
export async function onEveryHost(
  session: Session,
  { title, before, after, partly = false, leavesHeld = false, ...request }: HostsRequest,
  rounds: readonly HostPlanner[],
): Promise<LifecycleReport & { readonly missing: MissingHosts; readonly held: readonly HostProblem[] }> {
  const { reason } = request;
  return changing(session, request, async (locked) => {
    const stages = createStages(locked);
    await before?.(locked);
    const { inputs, view, missing } = await stages.run('observe', 'Read the hosts', async () => ({
      value: await ownInputs(locked, partly),
      changed: false,
    }));
    const plans = rounds.map((plan) => inputs.map((input) => [input.host.name, plan(input, view)] as const));
    const problems = plans.flat().flatMap((plan) => plan[1].problems);
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
