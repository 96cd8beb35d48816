import { HostsFailedError, WeedgoError } from '../../base/errors.ts';
import { problemError } from '../../host/requirements/problem.ts';
import { observe, type Observation } from '../../observation/observe.ts';
import type { Session } from '../../session/session.ts';
import { planProvision } from './plan.ts';

/**
 * Provisioning part of the hosts would form part of a cluster, so nothing is begun unless all of them are
 * connected. Throws HostsFailedError as `demandFacts` does. Changes nothing.
 */
export async function demandAllHosts(session: Session): Promise<void> {
  if (session.unreachable.size > 0) demandFacts(session, await observe(session));
}

/**
 * Throws HostsFailedError unless the facts of every host were read. The error also has the problems of the
 * other hosts and names the hosts that are ready, so that the operator who fixes the first host knows about
 * the rest.
 */
export function demandFacts(session: Session, observation: Observation): void {
  const { facts, failures } = observation;
  if (failures.size === 0) return;
  const problems = planProvision({ ...session, observation, terms: {} }).problems.filter(({ host }) =>
    facts.has(host),
  );
  const all = [...failures.values(), ...problems.map(problemError)].filter(
    (error) => error instanceof WeedgoError,
  );
  const failed = new Set([...failures.keys(), ...all.map(({ host }) => host)]);
  const ready = session.inventory.hosts.map(({ name }) => name).filter((name) => !failed.has(name));
  throw new HostsFailedError('looking at the hosts', all, {
    hints: ready.length > 0 ? [`The other hosts are ready: ${ready.join(', ')}.`] : [],
  });
}
