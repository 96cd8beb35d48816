import { portProbes, probePorts } from '../../host/probe.ts';
import { requireReachability } from '../../host/requirements/reachability.ts';
import type { Session } from '../../session/session.ts';
import type { StageResult } from '../../session/stages.ts';
import type { ProvisionPlan } from './plan.ts';
import { stopOnProblems } from './problems.ts';

/**
 * Tries every node's port and bus port from every other host, now that the nodes listen: a firewall is named
 * before the cluster waits for a handshake that cannot happen. Throws HostsFailedError with every pair that
 * is cut off.
 */
export async function demandReach(session: Session, { hosts }: ProvisionPlan): Promise<StageResult<void>> {
  const { inventory, shells, signal } = session;
  const results = await probePorts(shells, portProbes(inventory), signal);
  const facts = new Map([...hosts].map(([name, { input }]) => [name, input.facts]));
  stopOnProblems(requireReachability({ results, isListening: () => true, facts }));
  return { value: undefined, changed: false };
}
