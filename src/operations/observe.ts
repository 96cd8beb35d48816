import type { ClusterView } from '../cluster/view.ts';
import { OperationError } from '../errors.ts';
import { factsContext } from '../host/context.ts';
import type { Facts } from '../host/facts.ts';
import { readFacts } from '../host/facts/read.ts';
import type { Host } from '../inventory/inventory.ts';
import { observeCluster } from '../redis/observe.ts';
import type { Session } from './session.ts';

/** What is: the facts of every host that could be asked, and every node's view. */
export type Observation = {
  /** By host name. */
  readonly facts: ReadonlyMap<string, Facts>;
  /** Hosts that could not be connected or asked, by name, and why. */
  readonly failures: ReadonlyMap<string, OperationError>;
  readonly view: ClusterView;
};

/**
 * Reads the facts of all connected hosts and the view of all nodes, everything in parallel: one run a host and one
 * round trip a node. Changes nothing. A host or node that cannot be asked is in the result, not an error.
 * `askPackages`: see `FactsContext`.
 */
export async function observe(
  session: Session,
  options: { readonly askPackages?: boolean } = {},
): Promise<Observation> {
  const [hosts, view] = await Promise.all([
    Promise.all(session.inventory.hosts.map((host) => factsOf(session, host, options))),
    observeCluster(session.inventory.nodes, session.redis),
  ]);
  return {
    facts: new Map(hosts.flatMap(({ name, facts }) => (facts ? [[name, facts] as const] : []))),
    failures: new Map(hosts.flatMap(({ name, failure }) => (failure ? [[name, failure] as const] : []))),
    view,
  };
}

async function factsOf(
  session: Session,
  host: Host,
  options: { readonly askPackages?: boolean },
): Promise<{ readonly name: string; readonly facts?: Facts; readonly failure?: OperationError }> {
  const { name } = host;
  const shell = session.shells.get(name);
  if (!shell)
    return {
      name,
      failure: session.unreachable.get(name) ?? new OperationError('not connected', { host: name }),
    };
  try {
    return {
      name,
      facts: await readFacts(shell, factsContext(session.inventory, host, options), {
        signal: session.signal,
      }),
    };
  } catch (error) {
    if (error instanceof OperationError) return { name, failure: error };
    throw error;
  }
}
