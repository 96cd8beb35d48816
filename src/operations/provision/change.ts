import { portProbes } from '../../host/probe.ts';
import { formCluster } from '../../redis/form.ts';
import type { Session } from '../../session/session.ts';
import type { StageResult, Stages } from '../../session/stages.ts';
import { type HostsLook, lookAtHosts } from '../../observation/look.ts';
import { applyLive } from './apply-live.ts';
import { convergeHosts } from './converge.ts';
import type { Invention } from './invent.ts';
import { readAndPlan } from './look.ts';
import { describeMove, moveRunning } from './moves.ts';
import type { ProvisionPlan } from './plan.ts';
import { describeRestarts } from './restarts.ts';
import { restartRunning } from './roll.ts';
import { stopOnProblems } from './problems.ts';
import { demandReach } from './reach.ts';

type Due = { readonly plan: ProvisionPlan; readonly invention: Invention };

/**
 * Does what the plan says, stage by stage. Resolves to a look at the hosts after the last change to them, if
 * any.
 */
export async function change(session: Session, stages: Stages, due: Due): Promise<HostsLook | undefined> {
  const settled = await settle(session, stages, due);
  const ready = settled.moves.length > 0 ? await move(session, stages, { ...due, plan: settled }) : settled;
  const looking = ready.form.length === 0 ? undefined : await joinUp(session, stages, ready);
  if (ready.restarts.length + ready.unfinished.length === 0) return looking;
  await restart(session, stages, ready);
  return undefined;
}

/** Resolves to a look at the hosts that is under way. */
async function joinUp(session: Session, stages: Stages, ready: ProvisionPlan): Promise<HostsLook> {
  if (portProbes(session.inventory).length > 0) {
    await stages.run('reach', 'Try every port from every host', () => demandReach(session, ready));
  }
  // A master calls the cluster down for the first 2 s of its life (CLUSTER_WRITABLE_DELAY): time to look at
  // the hosts.
  const looking = lookAtHosts(session);
  looking.catch(() => undefined);
  await stages.run('form', 'Form the cluster', () => form(session, ready));
  return looking;
}

/** What an interrupted run left is finished before its nodes are looked at again. */
async function restart(session: Session, stages: Stages, first: ProvisionPlan): Promise<void> {
  await restartRunning(session, stages, first);
  if (first.unfinished.length === 0) return;
  const { plan } = await readAndPlan(session, async () => first.terms);
  stopOnProblems(plan.problems, { isChanged: true, done: describeRestarts(first) });
  if (plan.restarts.length > 0) await restartRunning(session, stages, { ...plan, unfinished: [] });
}

/**
 * Nodes of an earlier version, restarted one after the other where they belong; then what that leaves is
 * removed.
 */
async function move(session: Session, stages: Stages, due: Due): Promise<ProvisionPlan> {
  await moveRunning(session, stages, due.plan);
  const { plan } = await readAndPlan(session, async () => due.plan.terms);
  stopOnProblems(plan.problems, { isChanged: true, done: due.plan.moves.map(describeMove) });
  return settle(session, stages, { ...due, plan });
}

/**
 * Settings first, then the hosts. Nodes that were down are started with what they last ran with, so that what
 * they hold is read: their settings are changed after that, and the files once more.
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

/**
 * Once for the nodes that ran and once for those that were started; what is left then is told by
 * `demandComplete`.
 */
const mostRounds = 2;

async function form(session: Session, { form: steps }: ProvisionPlan): Promise<StageResult<void>> {
  const { inventory, redis, emit, signal } = session;
  await formCluster({ inventory, steps, connect: redis, emit, signal });
  return { value: undefined, changed: true };
}
