import { isSound } from '../../checks/structure.ts';
import { describeClusterStep, describeSwitch } from '../../cluster/step.ts';
import { diffStep } from '../../host/diff.ts';
import type { HostProblem } from '../../host/requirements/problem.ts';
import { describeStep, type HostStep } from '../../host/step.ts';
import { observe } from '../../observation/observe.ts';
import type { Session } from '../../session/session.ts';
import { describeHolder, lockHolder } from '../../session/lock/holder.ts';
import { createStages } from '../../session/stages.ts';
import { demandFacts } from './all-hosts.ts';
import { describeMove } from './moves.ts';
import { isEmptyPlan, planProvision } from './plan.ts';
import { describeRestarts } from './restarts.ts';
import { rollProblems, tryRestarts } from './roll.ts';
import { termsOfJournal } from './terms.ts';
import { judge, warnOfProblems } from './problems.ts';

export type HostChanges = {
  readonly host: string;
  readonly steps: readonly {
    readonly step: string;
    /** Unified, secrets masked; for steps that write a file. */
    readonly diff?: string;
    /** How many lines a file has that is not there yet. */
    readonly newLines?: number;
  }[];
};

/** What provision would do, for people and for --json. Holds no secret. */
export type PlanReport = {
  readonly cluster: string;
  readonly empty: boolean;
  /** False: verify has findings about the cluster's structure. */
  readonly sound: boolean;
  readonly hosts: readonly HostChanges[];
  readonly live: readonly string[];
  /**
   * Running nodes that an earlier version of the tool made, in the order in which they are restarted
   * elsewhere.
   */
  readonly moves: readonly string[];
  /** Running nodes that are restarted in their place, one after the other, and why. */
  readonly restarts: readonly string[];
  readonly form: readonly string[];
  /** Nodes that do not run yet: `form` assumes that they will, and are empty. */
  readonly assumed: readonly string[];
  /** Nodes that hold data and do not run: more may be to do than `form` says once they do. */
  readonly unseen: readonly string[];
  readonly problems: readonly HostProblem[];
  /** How provision would end because of them; null: nothing blocks it. */
  readonly blocked: 'refused' | 'failed' | null;
};

/**
 * Observes and plans as provision does, and changes nothing. Throws HostsFailedError when a host does not
 * respond or its facts cannot be read.
 */
export async function planReport(
  session: Session,
  { noRestart }: { readonly noRestart: boolean },
): Promise<PlanReport> {
  const { inventory } = session;
  const observation = await createStages(session).run(
    'observe',
    'Read the hosts and the nodes',
    async () => ({
      value: await observe(session, { askDefaults: true }),
      changed: false,
    }),
  );
  demandFacts(session, observation);
  const [journal, locked] = await Promise.all([termsOfJournal(session), lockProblems(session)]);
  const plan = planProvision({ ...session, observation, terms: { ...journal, noRestart } });
  const rolling = await Promise.all([tryRestarts(session, plan), rollProblems(session, plan)]);
  const problems = [...locked, ...plan.problems, ...rolling.flat()];
  warnOfProblems(problems, session.emit);
  return {
    cluster: inventory.cluster,
    empty: isEmptyPlan(plan),
    sound: isSound(inventory, observation.view),
    hosts: [...plan.hosts].map(([host, { steps }]) => ({
      host,
      steps: steps.map(changeOf),
    })),
    live: [...plan.live.map(describeClusterStep), ...plan.switches.map(describeSwitch)],
    moves: plan.moves.map(describeMove),
    restarts: describeRestarts(plan),
    form: plan.form.map(describeClusterStep),
    assumed: plan.assumed,
    unseen: plan.unseen,
    problems,
    blocked: judge(problems) ?? null,
  };
}

function changeOf(step: HostStep): HostChanges['steps'][number] {
  const diff = diffStep(step);
  const isNew = step.kind === 'write-file' && step.before === undefined;
  return {
    step: describeStep(step),
    ...(diff !== undefined && { diff }),
    ...(isNew && { newLines: step.file.content.trimEnd().split('\n').length }),
  };
}

/** Another command that changes the cluster now keeps provision from it. */
async function lockProblems(session: Session): Promise<readonly HostProblem[]> {
  const { cluster, hosts } = session.inventory;
  const { holder } = await lockHolder(session);
  if (!holder) return [];
  const host = hosts[0]?.name ?? cluster;
  return [{ id: 'locked', kind: 'refused', host, ...describeHolder(cluster, holder) }];
}
