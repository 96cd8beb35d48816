import type { ClusterView } from '../../cluster/view.ts';
import { guardStop } from '../../failover/guard-stop.ts';
import type { PlanInput } from '../../host/planning/input.ts';
import { planStop } from '../../host/planning/stops.ts';
import { servicesOf } from '../../host/services.ts';
import type { Session } from '../../session/session.ts';
import { type HostPlanner, type LifecycleReport, onEveryHost, type Request } from './every-host.ts';
import { demandStop, type StopLoss } from './stop-loss.ts';
import { unlistedNodes } from './unlisted.ts';
import { withoutHosts } from './without-hosts.ts';

export type StopOutcome = {
  readonly loss: StopLoss | undefined;
  readonly left: readonly string[];
  readonly isBare: boolean;
};

/**
 * Stops every node of the inventory, replicas before masters, so that nothing is promoted meanwhile. Data and
 * configuration stay, and units stay enabled. `agree` has the operator confirm the outage, and what it loses;
 * it throws where they do not. `left`: nodes of the cluster that the inventory does not list, as
 * `ADDRESS:PORT`. `isBare`: no host has a configuration of it. Throws as `demandStop`, and OperationError
 * naming the nodes on hosts that cannot be reached, when all others are stopped.
 */
export async function stopNodes(
  session: Session,
  { agree, ...request }: Request & { readonly agree: (loss: StopLoss) => Promise<void> },
): Promise<LifecycleReport & StopOutcome> {
  let loss: StopLoss | undefined;
  const seen: PlanInput[] = [];
  let left: readonly string[] = [];
  const remember: HostPlanner = (input, view) => {
    seen.push(input);
    const facts = seen.map((each) => each.facts);
    left = unlistedNodes(input.inventory, { facts, view, others: new Map() }).nodes;
    return { steps: [], problems: [] };
  };
  const plan = async (locked: Session): Promise<readonly HostPlanner[]> => {
    loss = await demandStop(locked, agree);
    return [remember, stopThose('replica'), stopThose('master')];
  };
  const titled = { ...request, reason: 'stop', title: 'Stop the nodes', partly: true };
  const { missing, held: _, ...report } = await onEveryHost(session, titled, plan);
  if (missing.size > 0) throw withoutHosts(session, missing, { done: 'stopped' });
  return { ...report, loss, left, isBare: seen.every(isBare) };
}

const isBare = ({ desired, facts }: PlanInput): boolean =>
  desired.layout.nodes.every(({ configFile }) => facts.files[configFile] === undefined);

const stopThose =
  (role: 'replica' | 'master'): HostPlanner =>
  ({ inventory, host, desired, facts }, view) => {
    const services = servicesOf(inventory, desired.layout, facts).filter(
      ({ node }) => roleOf(node, view) === role,
    );
    const nodes = services.map(({ node }) => node);
    const reasons = guardStop(inventory, { facts: new Map([[host.name, facts]]), view }, nodes);
    const problems = reasons.map(
      ({ code, message, hints }) => ({ id: code, kind: 'refused', host: host.name, message, hints }) as const,
    );
    return { steps: planStop(services, facts), problems };
  };

/** A node that does not respond counts as a master: it is stopped last. */
function roleOf(id: string, view: ClusterView): 'replica' | 'master' {
  const node = view.nodes.find((candidate) => candidate.node === id);
  return node?.reachable && node.info['role'] === 'slave' ? 'replica' : 'master';
}
