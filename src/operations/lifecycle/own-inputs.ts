import type { ClusterView } from '../../cluster/view.ts';
import { HostsFailedError } from '../../base/errors.ts';
import type { PlanInput } from '../../host/planning/input.ts';
import { requireKnownServers } from '../../host/requirements/known-servers.ts';
import { requireOwnership } from '../../host/requirements/ownership.ts';
import { observe } from '../../observation/observe.ts';
import { planInputs } from '../../observation/plan-inputs.ts';
import { stopOnProblems } from '../provision/problems.ts';
import type { Session } from '../../session/session.ts';
import type { MissingHosts } from './without-hosts.ts';

type OwnInputs = {
  readonly inputs: readonly PlanInput[];
  readonly view: ClusterView;
  readonly missing: MissingHosts;
};

/**
 * Every host's plan input; refused as a whole where another's files are at the nodes' paths, or an unknown
 * server. Throws HostsFailedError for hosts that cannot be reached, unless the command does `partly` without
 * them.
 */
export async function ownInputs(session: Session, partly: boolean): Promise<OwnInputs> {
  if (session.unreachable.size > 0 && !partly)
    throw new HostsFailedError('connecting', [...session.unreachable.values()]);
  const observation = await observe(session);
  const { failures: missing, view } = observation;
  const isBlind = missing.size === session.inventory.hosts.length;
  if (missing.size > 0 && (!partly || isBlind))
    throw new HostsFailedError('reading the hosts', [...missing.values()]);
  const inputs = [...planInputs({ ...session, observation }).values()];
  stopOnProblems(inputs.flatMap((input) => [...requireOwnership(input), ...requireKnownServers(input)]));
  return { inputs, view, missing };
}
