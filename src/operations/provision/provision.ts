import { isSound } from '../../checks/structure.ts';
import type { LostShards } from '../../cluster/lost.ts';
import type { ClusterView } from '../../cluster/view.ts';
import { OperationError } from '../../errors.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import { applyClusterStep } from '../../redis/apply.ts';
import { describeClusterStep } from '../../cluster/step.ts';
import { portProbes } from '../../host/probe.ts';
import { switchAppendOnly } from '../../redis/append-only.ts';
import { isFailure, type RedisConnection } from '../../redis/connection.ts';
import { formCluster } from '../../redis/form.ts';
import { throwIfInterrupted } from '../../redis/wait.ts';
import { prepareTemplates } from '../../render/template.ts';
import { awaitComplete, listLacking } from '../await-complete.ts';
import { changing } from '../changing.ts';
import { observe, observeNodes, type Observation } from '../observe.ts';
import { nodesNow } from '../report/node-table.ts';
import type { Report, ReportFinding, ReportNode } from '../report/schema.ts';
import type { Session } from '../session.ts';
import { createStages, type StageResult, type StageTiming, type Stages } from '../stage.ts';
import { type HostsLook, lookAtHosts } from '../verify/look.ts';
import { createWaitTeller } from '../wait-teller.ts';
import { defaultSettleMs, verify } from '../verify/verify.ts';
import { demandAllHosts, demandFacts } from './all-hosts.ts';
import { applyOnHosts } from '../hosts.ts';
import { planFilesOf } from './append-only.ts';
import { convergeHosts } from './converge.ts';
import { describeMove, moveRunning } from './moves.ts';
import { describePlan, isEmptyPlan, planProvision, type ProvisionPlan } from './plan.ts';
import { inventSecrets, type Invention } from './invent.ts';
import { confirmLoss, demandLoss, type LossRequest, requireShards } from './lost.ts';
import { stopOnProblems, warnOfProblems } from './problems.ts';
import { demandReach } from './reach.ts';

export type ProvisionReport = {
  readonly cluster: string;
  /** False: everything was as the inventory says already. */
  readonly changed: boolean;
  readonly nodes: readonly ReportNode[];
  /** What verify has to say, worst first; empty when nothing had to be changed and the cluster is sound. */
  readonly findings: readonly ReportFinding[];
  readonly stages: readonly StageTiming[];
};

type ProvisionRequest = {
  readonly command: string;
  readonly lost?: LossRequest | undefined;
};

/**
 * Makes the hosts and the cluster what the inventory says, and demands to see it: at the end a new plan is empty and
 * every node sees a complete cluster. Safe to run again at any time.
 * Throws RefusedError when something must not be touched, with nothing changed; HostsFailedError with every failing
 * host when something could not be done.
 */
export async function provision(session: Session, request: ProvisionRequest): Promise<ProvisionReport> {
  if (request.lost) requireShards(session, request.lost);
  await demandAllHosts(session);
  const invention = inventSecrets(session);
  try {
    return await provisionWith(invention, request);
  } catch (error) {
    await invention.discard().catch((second: unknown) => {
      const message = second instanceof Error ? second.message : String(second);
      session.emit({ type: 'warning', message: `an unused password file may be left: ${message}` });
    });
    throw error;
  } finally {
    if (invention.session !== session) await invention.session.close();
  }
}

function provisionWith(invention: Invention, { command, lost }: ProvisionRequest): Promise<ProvisionReport> {
  return changing(invention.session, { command, reason: 'provision' }, async (locked) => {
    await invention.demandUnused();
    if (lost) await confirmLoss(locked, lost);
    const stages = createStages(locked);
    // What was lost is proven again: the answer may have taken minutes.
    const before = await stages.run('observe', 'Read the hosts and the nodes', async () => ({
      value: await readAndPlan(locked, async (observation) =>
        lost ? (await demandLoss(locked, observation, lost.shards)).lost : undefined,
      ),
      changed: false,
    }));
    stopOnProblems(before.plan.problems);
    warnOfProblems(before.plan.problems, locked.emit);
    const changed = !isEmptyPlan(before.plan);
    const hosts = changed ? await change(locked, stages, { plan: before.plan, invention }) : undefined;
    const after =
      changed || !isWhole(locked.inventory, before.observation.view)
        ? await lookAgain(locked, stages, hosts)
        : before;
    demandComplete(locked, after);
    return {
      cluster: locked.inventory.cluster,
      changed,
      nodes: after.report?.nodes ?? nodesNow(locked.inventory, after.observation.view),
      findings: after.report?.findings ?? [],
      stages: stages.timings,
    };
  });
}

/** Nothing is missing that passes by itself, and nothing is wrong that provision does not put right. */
const isWhole = (inventory: Inventory, view: ClusterView): boolean =>
  listLacking(inventory, view).length === 0 && isSound(inventory, view);

type Look = {
  readonly observation: Observation;
  readonly plan: ProvisionPlan;
  /** After a change only: `verify` is there for every other time. */
  readonly report?: Report;
};

type Due = { readonly plan: ProvisionPlan; readonly invention: Invention };

/** Does what the plan says, stage by stage. Resolves to a look at the hosts after the last change to them, if any. */
async function change(session: Session, stages: Stages, due: Due): Promise<HostsLook | undefined> {
  const settled = await settle(session, stages, due);
  const ready = settled.moves.length > 0 ? await move(session, stages, { ...due, plan: settled }) : settled;
  if (ready.form.length === 0) return undefined;
  if (portProbes(session.inventory).length > 0) {
    await stages.run('reach', 'Try every port from every host', () => demandReach(session, ready));
  }
  // A master calls the cluster down for the first 2 s of its life (CLUSTER_WRITABLE_DELAY): time to look at the hosts.
  const looking = lookAtHosts(session);
  looking.catch(() => undefined);
  await stages.run('form', 'Form the cluster', () => form(session, ready));
  return looking;
}

/** Nodes of an earlier version, restarted one after the other where they belong; then what that leaves is removed. */
async function move(session: Session, stages: Stages, due: Due): Promise<ProvisionPlan> {
  await moveRunning(session, stages, due.plan.moves);
  const { plan } = await readAndPlan(session, async () => due.plan.lost);
  stopOnProblems(plan.problems, { isChanged: true, done: due.plan.moves.map(describeMove) });
  return settle(session, stages, { ...due, plan });
}

/**
 * Settings first, then the hosts. Nodes that were down are started with what they last ran with, so that what they hold
 * is read: their settings are changed after that, and the files once more.
 */
async function settle(
  session: Session,
  stages: Stages,
  { plan: first, invention }: Due,
): Promise<ProvisionPlan> {
  const beforeSecrets = invention.keep;
  let plan = first;
  for (let round = 0; ; round += 1) {
    if (plan.live.length + plan.switches.length > 0) {
      const due = plan;
      await beforeSecrets();
      plan = await stages.run('settings', 'Change settings of running nodes', () => applyLive(session, due));
    }
    const due = plan;
    plan = await stages.run('hosts', 'Install, configure and start the nodes', () =>
      convergeHosts(session, due, { isChanged: round > 0 || due !== first, beforeSecrets }),
    );
    if (plan.live.length + plan.switches.length === 0 || round === mostRounds) return plan;
  }
}

/** Once for the nodes that ran and once for those that were started; what is left then is told by `demandComplete`. */
const mostRounds = 2;

/** What was started takes a while to find its place; only then does a look at everything count. */
const lookAgain = (session: Session, stages: Stages, seen: HostsLook | undefined): Promise<Look> =>
  stages.run('verify', 'Verify the cluster from every node', async () => {
    await awaitComplete(session);
    const hosts = seen ? Promise.resolve(seen) : lookAtHosts(session);
    const view = observeNodes(session);
    const parts = { hosts, view };
    const report = await verify(session, { writeTest: false, settleMs: defaultSettleMs, parts });
    const observation = { ...(await hosts).observed, view: await view };
    return { value: { ...planFrom(session, observation), report }, changed: false };
  });

async function readAndPlan(
  session: Session,
  whatIsLost: (observation: Observation) => Promise<LostShards | undefined>,
): Promise<Look> {
  const [observation] = await Promise.all([observe(session), prepareTemplates()]);
  return planFrom(session, observation, await whatIsLost(observation));
}

function planFrom(session: Session, observation: Observation, lost?: LostShards): Look {
  demandFacts(session, observation);
  return { observation, plan: planProvision({ ...session, observation, lost }) };
}

/** Before the files are written, so that a value which Redis refuses never stands in a file. */
async function applyLive(session: Session, due: ProvisionPlan): Promise<StageResult<ProvisionPlan>> {
  const { emit, signal } = session;
  const { live, switches, lost } = due;
  for (const step of live) {
    throwIfInterrupted(signal);
    const connection = await connectionTo(session, step.node);
    try {
      await applyClusterStep(step, connection, session.secrets);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new OperationError(`${describeClusterStep(step)}, which failed: ${reason}`, { node: step.node });
    }
    emit({ type: 'node', node: step.node, message: describeClusterStep(step) });
  }
  const tell = createWaitTeller(emit);
  await switchAppendOnly(switches, {
    connect: (node) => connectionTo(session, node),
    fileOff: (nodes) => applyOnHosts(session, 'switching appendonly off', planFilesOf(due.wanted, nodes)),
    emit,
    tell,
    signal,
  });
  const { plan } = await readAndPlan(session, async () => lost);
  return { value: plan, changed: true };
}

async function connectionTo(session: Session, id: string): Promise<RedisConnection> {
  const node = session.inventory.nodes.find((each) => each.id === id);
  const connection = node && (await session.redis(node));
  if (connection && !isFailure(connection)) return connection;
  throw new OperationError(`${id} does not respond any more`, { node: id });
}

async function form(session: Session, { form: steps }: ProvisionPlan): Promise<StageResult<void>> {
  const { inventory, redis, emit, signal } = session;
  await formCluster({ inventory, steps, connect: redis, emit, signal });
  return { value: undefined, changed: true };
}

/** The plan must be empty, and nothing may be missing as any node sees it. Throws OperationError naming what is. */
function demandComplete({ inventory }: Session, { observation, plan }: Look): void {
  const missing = listLacking(inventory, observation.view);
  if (isEmptyPlan(plan) && missing.length === 0) return;
  throw new OperationError('the cluster is not what the inventory says', {
    hints: [...missing, ...describePlan(plan), 'weedgo-redis verify says more.'],
  });
}
