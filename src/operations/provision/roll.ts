import { joinNames } from '../../checks/text.ts';
import { OperationError } from '../../base/errors.ts';
import type { Reason } from '../../cluster/failover/reason.ts';
import type { Situation } from '../../cluster/failover/situation.ts';
import { lookAround } from '../../failover/look.ts';
import { refuseFor } from '../../failover/refuse.ts';
import { demandPauses, describeWritePauses } from '../../failover/write-pauses.ts';
import type { Approval } from '../../session/approval.ts';
import type { HostProblem } from '../../host/requirements/problem.ts';
import { type Trial, tryConfiguration } from '../../host/scratch.ts';
import { findNode } from '../../inventory/topology.ts';
import type { Session } from '../../session/session.ts';
import type { Stages } from '../../session/stages.ts';
import { guardRoll } from '../restart/guard-roll.ts';
import { rollOver } from '../restart/restart.ts';
import type { ProvisionPlan } from './plan.ts';

/**
 * The nodes that would not start with the configuration that they are to get, tried by a server of its own on
 * their hosts, before any node is stopped or any file written.
 */
export async function tryRestarts(
  { inventory, shells, signal }: Session,
  { restarts, wanted }: ProvisionPlan,
): Promise<readonly HostProblem[]> {
  const found = await Promise.all(
    restarts.map(async ({ node, host }): Promise<readonly Unfit[]> => {
      const shell = shells.get(host);
      const desired = wanted.get(host)?.desired;
      const path = desired?.layout.nodes.find((each) => each.node.id === node)?.configFile;
      const content = desired?.files.find((file) => file.path === path)?.content;
      if (!shell || !desired || content === undefined) return [];
      const { serviceUser } = desired.layout;
      const tried = await tryConfiguration(shell, { server: inventory.server, serviceUser, content, signal });
      return tried.kind === 'starts' ? [] : [{ node, host, tried }];
    }),
  );
  return describeUnfit(found.flat());
}

/** The same of several nodes is said once. */
function describeUnfit(unfit: readonly Unfit[]): readonly HostProblem[] {
  const keyOf = ({ tried: { kind, said } }: Unfit): string => `${kind} ${said}`;
  return [...new Set(unfit.map(keyOf))].flatMap((key) => {
    const alike = unfit.filter((each) => keyOf(each) === key);
    const [first] = alike;
    if (!first) return [];
    const { node, host, tried } = first;
    const names = joinNames(alike.map((each) => each.node));
    const [message, hint] =
      tried.kind === 'refused'
        ? [`${names} would not start with the new configuration: ${tried.said}`, 'Correct the inventory']
        : [
            `the new configuration of ${names} could not be tried on ${host}: ${tried.said}`,
            'Run the same command again when that is fixed',
          ];
    const hints = [`${hint}: no node was stopped, and no file was written.`];
    return [{ id: 'would-not-start', kind: 'failed', host, node, message, hints } as const];
  });
}

type Unfit = {
  readonly node: string;
  readonly host: string;
  readonly tried: Exclude<Trial, { readonly kind: 'starts' }>;
};

type Rolling = Pick<ProvisionPlan, 'moves' | 'restarts' | 'unfinished' | 'terms'>;

const rollingNodes = ({ moves, restarts, unfinished }: Rolling): readonly string[] => [
  ...new Set([...unfinished, ...[...moves, ...restarts].map(({ node }) => node)]),
];

/** What blocks the restarts of a plan, and the look that says so; before anything is done. */
async function judgeRoll(
  session: Session,
  plan: Rolling,
): Promise<{ readonly reasons: readonly Reason[]; readonly situation: Situation } | undefined> {
  const nodes = rollingNodes(plan);
  if (nodes.length === 0) return undefined;
  const drained = plan.terms.drained ?? [];
  const situation = await lookAround(session, { maxLag: undefined, drained });
  return { situation, reasons: await guardRoll(session, situation, nodes) };
}

/** Throws RefusedError where a guard or the operator says no; nothing was changed then. */
export async function demandRoll(session: Session, plan: Rolling, approval: Approval): Promise<void> {
  const judged = await judgeRoll(session, plan);
  if (!judged) return;
  refuseFor(judged.reasons, 'the rolling restart');
  await demandPauses(judged.situation, rollingNodes(plan), approval);
}

/** The same as problems of a plan. */
export async function rollProblems(session: Session, plan: Rolling): Promise<readonly HostProblem[]> {
  const judged = await judgeRoll(session, plan);
  const host = [...plan.moves, ...plan.restarts].map(
    ({ node }) => findNode(session.inventory, node)?.host,
  )[0];
  if (!judged || host === undefined) return [];
  const pauses = describeWritePauses(judged.situation, rollingNodes(plan));
  return [
    ...judged.reasons.map(
      ({ code, message, hints }) => ({ id: code, kind: 'refused', host, message, hints }) as const,
    ),
    ...pauses.map(
      (message) =>
        ({
          id: 'writes-pause',
          kind: 'warning',
          host,
          message,
          hints: ['provision asks before that; without a terminal --yes has to say so.'],
        }) as const,
    ),
  ];
}

/**
 * Restarts what is due, one node at a time, replicas first, a master after its replica has taken over, each
 * in sync before the next. An interrupted run of provision is finished first, so that masters are where they
 * were.
 */
export async function restartRunning(
  session: Session,
  stages: Stages,
  { restarts, unfinished }: Pick<ProvisionPlan, 'restarts' | 'unfinished'>,
): Promise<void> {
  const nodes = restarts.map(({ node }) => node);
  const resume = unfinished.length > 0;
  const { restarted } = await rollOver(session, stages, { nodes, resume });
  if (resume || restarted.length > 0) return;
  throw new OperationError(`${nodes.join(', ')} were to be restarted, and were not`, {
    hints: ['Run the same command again.'],
  });
}
