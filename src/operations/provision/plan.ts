import { planForm } from '../../cluster/plan.ts';
import {
  type ClusterStep,
  describeClusterStep,
  describeSwitch,
  type SwitchStep,
} from '../../cluster/step.ts';

import { planHost } from '../../host/plan.ts';
import type { PlanInput } from '../../host/planning/input.ts';
import { requireHost } from '../../host/require.ts';
import { notePersistence } from '../../host/requirements/persistence.ts';
import { requireClocks } from '../../host/requirements/clock.ts';
import type { HostProblem } from '../../host/requirements/problem.ts';
import { describeStep, type HostStep } from '../../host/step.ts';
import type { Inventory, Secrets } from '../../inventory/inventory.ts';
import type { Observation } from '../../observation/observe.ts';

import { planInputs } from '../../observation/plan-inputs.ts';
import { holdBack, planSwitch } from './append-only.ts';
import { assumeRunning } from './assume.ts';
import { requireSafeSettings } from './safe-settings.ts';
import { noteFileLimit } from './file-limit.ts';
import { describeMove, orderMoves } from './moves.ts';
import type { NodeMove } from './running-node.ts';
import { noteRisks } from './risks.ts';
import { describeRestart, isAnswered, type NodeRestart, restartsOf } from './restarts.ts';
import { planLive, runningNodes } from './running.ts';
import type { Terms } from './terms.ts';
import { requireUsers } from './users.ts';

/** All that provision would do from here, and the problems that block it or give a warning. Data only. */
export type ProvisionPlan = {
  /** By host name, in the inventory's order; hosts that could not be asked are missing. */
  readonly hosts: ReadonlyMap<string, { readonly input: PlanInput; readonly steps: readonly HostStep[] }>;
  /** What the hosts are to be, without what `holdBack` leaves for later. */
  readonly wanted: ReadonlyMap<string, PlanInput>;
  /** CONFIG SET and ACL SETUSER on running nodes; done before the files are written. */
  readonly live: readonly ClusterStep[];
  /** Changes of `appendonly` on running nodes; complete on every node before the other files are written. */
  readonly switches: readonly SwitchStep[];
  /**
   * Running nodes that an earlier version of the tool made, in the order in which they are moved by a
   * restart.
   */
  readonly moves: readonly NodeMove[];
  /** Running nodes that only a restart makes what they should be, in the order in which it is done. */
  readonly restarts: readonly NodeRestart[];
  /** A rolling restart of provision's own that was interrupted: these nodes, and their masters' roles. */
  readonly unfinished: readonly string[];
  readonly form: readonly ClusterStep[];
  /** The nodes that `form` assumes to be running and empty by then, because they do not run yet. */
  readonly assumed: readonly string[];
  /** The nodes that hold data but do not run: what `form` lacks for them is known only once they do. */
  readonly unseen: readonly string[];
  readonly problems: readonly HostProblem[];
  readonly terms: Terms;
};

export type PlanRequest = {
  readonly inventory: Inventory;
  readonly secrets: Secrets;
  readonly observation: Observation;
  /** See `PlanInput`. */
  readonly refreshed?: boolean;
  readonly terms: Terms;
};

/** Pure: what was observed against what should be. */
export function planProvision(request: PlanRequest): ProvisionPlan {
  const { inventory, observation, terms } = request;
  const wanted = planInputs({ ...request, lost: terms.lost });
  const nodes = [...wanted.values()].flatMap((input) => runningNodes(input, observation));
  const inputs = new Map([...wanted].map(([name, input]) => [name, holdBack(input, nodes)]));
  const { view, assumed, unseen } = assumeRunning(inventory, {
    view: observation.view,
    hosts: [...inputs.values()],
  });
  const form = planForm(inventory, view, terms);
  const due = restartsOf(inventory, nodes, terms);
  return {
    hosts: new Map([...inputs].map(([name, input]) => [name, { input, steps: planHost(input) }])),
    wanted,
    live: nodes.flatMap(planLive),
    switches: nodes.flatMap(planSwitch),
    moves: orderMoves(nodes.flatMap(({ move }) => move ?? [])),
    restarts: due.restarts,
    unfinished: due.unfinished,
    form: form.steps,
    assumed,
    unseen,
    terms,
    problems: [
      ...[...inputs.values()].flatMap(requireHost).filter((problem) => !isAnswered(problem, due.restarts)),
      // Of what will be, also where a file has to wait.
      ...[...wanted.values()].flatMap(notePersistence),
      ...requireClocks([...observation.facts].map(([host, { clock }]) => ({ host, clock }))),
      ...form.refusals.map((refusal) => formProblem(inventory, refusal)),
      ...due.problems,
      ...nodes.flatMap(requireUsers),
      ...nodes.flatMap(requireSafeSettings),
      ...nodes.flatMap(noteFileLimit),
      ...noteRisks(nodes),
    ],
  };
}

/** True when the hosts, the nodes and the cluster are what the inventory says. */
export const isEmptyPlan = ({ hosts, live, switches, form, ...plan }: ProvisionPlan): boolean =>
  plan.moves.length === 0 &&
  plan.restarts.length === 0 &&
  plan.unfinished.length === 0 &&
  live.length === 0 &&
  switches.length === 0 &&
  form.length === 0 &&
  [...hosts.values()].every(({ steps }) => steps.length === 0);

/** What is still to do, a line a step. */
export const describePlan = ({
  hosts,
  live,
  switches,
  moves,
  restarts,
  form,
}: ProvisionPlan): readonly string[] => [
  ...[...hosts].flatMap(([host, { steps }]) => steps.map((step) => `${host}: ${describeStep(step)}`)),
  ...[...live, ...form].map(describeClusterStep),
  ...switches.map(describeSwitch),
  ...moves.map(describeMove),
  ...restarts.map(describeRestart),
];

function formProblem(
  inventory: Inventory,
  refusal: { readonly node: string; readonly reason: string; readonly hints: readonly string[] },
): HostProblem {
  const host = inventory.nodes.find(({ id }) => id === refusal.node)?.host ?? refusal.node;
  return {
    id: 'foreign-node',
    kind: 'refused',
    host,
    node: refusal.node,
    message: refusal.reason,
    hints: refusal.hints,
  };
}
