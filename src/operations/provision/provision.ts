import { messageOf } from '../../base/message-of.ts';
import type { Approval } from '../../session/approval.ts';
import { changing } from '../../session/changing.ts';
import { nodesNow } from '../../report/node-table.ts';
import type { ReportFinding, ReportNode } from '../../report/schema.ts';
import type { Session } from '../../session/session.ts';
import { createStages, type StageTiming } from '../../session/stages.ts';
import { demandAllHosts } from './all-hosts.ts';
import { change } from './change.ts';
import { inventSecrets, type Invention } from './invent.ts';
import { demandComplete, isWhole, lookAgain, readAndPlan } from './look.ts';
import { confirmLoss, demandLoss, type LossRequest, requireShards } from './lost.ts';
import { isEmptyPlan } from './plan.ts';
import { demandRoll, tryRestarts } from './roll.ts';
import { stopOnProblems, warnOfProblems } from './problems.ts';

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
  /** Restart no running node: what only a restart changes is refused, with all that comes with it. */
  readonly noRestart?: boolean;
  readonly approval: Approval;
};

/**
 * Makes the hosts and the cluster what the inventory says, and demands to see it: at the end a new plan is
 * empty and every node sees a complete cluster. Safe to run again at any time. Throws RefusedError when
 * something must not be touched, with nothing changed; HostsFailedError with every failing host when
 * something could not be done.
 */
export async function provision(session: Session, request: ProvisionRequest): Promise<ProvisionReport> {
  if (request.lost) requireShards(session, request.lost);
  await demandAllHosts(session);
  const invention = inventSecrets(session);
  try {
    return await provisionWith(invention, request);
  } catch (error) {
    await invention.discard().catch((second: unknown) => {
      const message = messageOf(second);
      session.emit({ type: 'warning', message: `an unused password file may be left: ${message}` });
    });
    throw error;
  } finally {
    if (invention.session !== session) await invention.session.close();
  }
}

function provisionWith(
  invention: Invention,
  { command, lost, noRestart = false, approval }: ProvisionRequest,
): Promise<ProvisionReport> {
  return changing(invention.session, { command, reason: 'provision' }, async (locked) => {
    await invention.demandUnused();
    if (lost) await confirmLoss(locked, lost);
    const stages = createStages(locked);
    // What was lost is proven again: the answer may have taken minutes.
    const before = await stages.run('observe', 'Read the hosts and the nodes', async () => ({
      value: await readAndPlan(locked, async (observation) => ({
        lost: lost && (await demandLoss(locked, observation, lost.shards)).lost,
        noRestart,
      })),
      changed: false,
    }));
    stopOnProblems(before.plan.problems);
    stopOnProblems(await tryRestarts(locked, before.plan));
    await demandRoll(locked, before.plan, approval);
    warnOfProblems(before.plan.problems, locked.emit);
    const changed = !isEmptyPlan(before.plan);
    const hosts = changed ? await change(locked, stages, { plan: before.plan, invention }) : undefined;
    const after =
      changed || !isWhole(locked.inventory, before.observation.view)
        ? await lookAgain(locked, stages, { hosts, noRestart })
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
