import { isSound } from '../../checks/structure.ts';
import type { ClusterView } from '../../cluster/view.ts';
import { OperationError } from '../../base/errors.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import { prepareTemplates } from '../../render/template.ts';
import { awaitComplete, listLacking } from '../await-complete.ts';
import { observe, observeNodes, type Observation } from '../../observation/observe.ts';
import type { Report } from '../../report/schema.ts';
import type { Session } from '../../session/session.ts';
import type { Stages } from '../../session/stages.ts';
import { type HostsLook, lookAtHosts } from '../../observation/look.ts';
import { defaultSettleMs, verify } from '../verify/verify.ts';
import { demandFacts } from './all-hosts.ts';
import { type Terms, termsOfJournal } from './terms.ts';
import { describePlan, isEmptyPlan, planProvision, type ProvisionPlan } from './plan.ts';

/** What was observed, and what there is to do from there. */
export type Look = {
  readonly observation: Observation;
  readonly plan: ProvisionPlan;
  /** After a change only: `verify` is there for every other time. */
  readonly report?: Report;
};

/** What the operator asked for, and what was found to be lost; the rest is in the journal. */
type Asked = Pick<Terms, 'lost' | 'noRestart'>;

/** Reads the hosts and the nodes, and plans. `asked`: of what was read. Throws as `demandFacts`. */
export async function readAndPlan(
  session: Session,
  asked: (observation: Observation) => Promise<Asked>,
): Promise<Look> {
  const [observation] = await Promise.all([observe(session, { askDefaults: true }), prepareTemplates()]);
  return planFrom(session, observation, await asked(observation));
}

async function planFrom(
  session: Session,
  observation: Observation,
  { lost, noRestart = false }: Asked,
): Promise<Look> {
  demandFacts(session, observation);
  const terms = { ...(await termsOfJournal(session)), lost, noRestart };
  return { observation, plan: planProvision({ ...session, observation, terms }) };
}

/** What was started takes a while to find its place; only then does a look at everything count. */
export const lookAgain = (
  session: Session,
  stages: Stages,
  { hosts: seen, noRestart }: { readonly hosts: HostsLook | undefined; readonly noRestart: boolean },
): Promise<Look> =>
  stages.run('verify', 'Verify the cluster from every node', async () => {
    await awaitComplete(session);
    const hosts = seen ? Promise.resolve(seen) : lookAtHosts(session);
    const view = observeNodes(session);
    const parts = { hosts, view };
    const report = await verify(session, { writeTest: false, settleMs: defaultSettleMs, parts });
    const observation = { ...(await hosts).observed, view: await view };
    return { value: { ...(await planFrom(session, observation, { noRestart })), report }, changed: false };
  });

/** Nothing is missing that passes by itself, and nothing is wrong that provision does not put right. */
export const isWhole = (inventory: Inventory, view: ClusterView): boolean =>
  listLacking(inventory, view).length === 0 && isSound(inventory, view);

/**
 * The plan must be empty, and nothing may be missing as any node sees it. Throws OperationError naming what
 * is.
 */
export function demandComplete({ inventory }: Session, { observation, plan }: Look): void {
  const missing = listLacking(inventory, observation.view);
  if (isEmptyPlan(plan) && missing.length === 0) return;
  throw new OperationError('the cluster is not what the inventory says', {
    hints: [...missing, ...describePlan(plan), 'Run `weedgo-redis verify` for details.'],
  });
}
