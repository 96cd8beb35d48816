import { HostsFailedError, OperationError } from '../../errors.ts';
import { applyClusterStep } from '../../redis/apply.ts';
import { describeClusterStep } from '../../cluster/step.ts';
import { listMissing } from '../../cluster/missing.ts';
import { isFailure } from '../../redis/connection.ts';
import { formCluster } from '../../redis/form.ts';
import { changing } from '../changing.ts';
import { type NodeRow, nodeRows } from '../node-rows.ts';
import { observe } from '../observe.ts';
import type { Session } from '../session.ts';
import { createStages, type StageResult, type StageTiming, type Stages } from '../stage.ts';
import { convergeHosts } from './converge.ts';
import { isEmptyPlan, planProvision, type ProvisionPlan } from './plan.ts';
import { stopOnProblems, warnOfProblems } from './problems.ts';

export type ProvisionReport = {
  readonly cluster: string;
  /** False: everything was as the inventory says already. */
  readonly changed: boolean;
  readonly nodes: readonly NodeRow[];
  readonly stages: readonly StageTiming[];
};

/**
 * Makes the hosts and the cluster what the inventory says, and demands to see it: at the end a new plan is empty and
 * every node sees a complete cluster. Safe to run again at any time.
 * Throws RefusedError when something must not be touched, with nothing changed; HostsFailedError with every failing
 * host when something could not be done.
 */
export async function provision(
  session: Session,
  request: { readonly command: string },
): Promise<ProvisionReport> {
  requireAllHosts(session);
  return changing(session, { ...request, reason: 'provision' }, async (locked) => {
    const stages = createStages(locked);
    const first = await stages.run('observe', 'Read the hosts and the nodes', () => readAndPlan(locked));
    stopOnProblems(first.problems);
    warnOfProblems(first.problems, locked.emit);
    await stages.run('settings', 'Change settings of running nodes', () => applyLive(locked, first));
    const ready = await stages.run('hosts', 'Install, configure and start the nodes', () =>
      convergeHosts(locked, first),
    );
    await stages.run('form', 'Form the cluster', () => form(locked, ready));
    const nodes = await stages.run('observe-again', 'Observe the cluster from every node', () =>
      demandComplete(locked),
    );
    const { cluster } = locked.inventory;
    return { cluster, changed: wasAnythingChanged(stages), nodes, stages: stages.timings };
  });
}

/** Provisioning part of the hosts would form part of a cluster: every failing host is named, and nothing begun. */
function requireAllHosts({ unreachable }: Session): void {
  if (unreachable.size > 0) throw new HostsFailedError('connecting', [...unreachable.values()]);
}

async function readAndPlan(session: Session): Promise<StageResult<ProvisionPlan>> {
  const observation = await observe(session);
  if (observation.failures.size > 0)
    throw new HostsFailedError('reading the hosts', [...observation.failures.values()]);
  return { value: planProvision({ ...session, observation }), changed: false };
}

/** Before the files are written, so that a value which Redis refuses never stands in a file. */
async function applyLive(session: Session, { live }: ProvisionPlan): Promise<StageResult<void>> {
  for (const step of live) {
    const node = session.inventory.nodes.find(({ id }) => id === step.node);
    const connection = node && (await session.redis(node));
    if (!connection || isFailure(connection))
      throw new OperationError('cannot be asked any more', { node: step.node });
    try {
      await applyClusterStep(step, connection, session.secrets);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new OperationError(`could not ${describeClusterStep(step)}: ${reason}`, { node: step.node });
    }
    session.emit({ type: 'node', node: step.node, message: describeClusterStep(step) });
  }
  return { value: undefined, changed: live.length > 0 };
}

async function form(session: Session, { form: steps }: ProvisionPlan): Promise<StageResult<void>> {
  const { inventory, redis, emit, signal } = session;
  if (steps.length > 0) await formCluster({ inventory, steps, connect: redis, emit, signal });
  return { value: undefined, changed: steps.length > 0 };
}

/** The new plan must be empty, and nothing may be missing as any node sees it. */
async function demandComplete(session: Session): Promise<StageResult<readonly NodeRow[]>> {
  const { inventory } = session;
  const observation = await observe(session);
  const plan = planProvision({ ...session, observation });
  const missing = inventory.mode === 'cluster' ? listMissing(inventory, observation.view) : [];
  if (!isEmptyPlan(plan) || missing.length > 0) {
    throw new OperationError('the cluster is not yet what the inventory says', {
      hints: [
        ...missing.map(({ message }) => message),
        'Run the same command again, or: weedgo-redis verify',
      ],
    });
  }
  return { value: nodeRows(inventory, observation.view), changed: false };
}

const wasAnythingChanged = ({ timings }: Stages): boolean =>
  timings.some(({ outcome }) => outcome === 'changed');
