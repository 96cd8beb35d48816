import type { ClusterView } from '../cluster/view.ts';
import { OperationError } from '../base/errors.ts';
import { factsContext } from '../host/context.ts';
import type { Facts } from '../host/facts.ts';
import { readFacts } from '../host/facts/read.ts';
import { readDefaults } from '../host/scratch.ts';
import type { Defaults } from '../render/leftovers.ts';
import type { Host } from '../inventory/inventory.ts';
import { layoutOf } from '../render/layout.ts';
import { observeCluster } from '../redis/observe.ts';
import type { Session } from '../session/session.ts';

/** The facts of every host that could be asked. */
export type HostsObservation = {
  /** By host name. */
  readonly facts: ReadonlyMap<string, Facts>;
  /** Hosts that could not be connected or asked, by name, and why. */
  readonly failures: ReadonlyMap<string, OperationError>;
  /** Defaults of the installed server, by host name; no entry where they are not known or not asked. */
  readonly defaults: ReadonlyMap<string, Defaults>;
};

/** What is: the hosts, and every node's view. */
export type Observation = HostsObservation & { readonly view: ClusterView };

type ObserveOptions = { readonly askPackages?: boolean; readonly askDefaults?: boolean };

/**
 * Reads the facts of all connected hosts and the view of all nodes, everything in parallel: one run a host
 * and one round trip a node. Changes nothing. The result lists hosts and nodes that do not respond; they are
 * no error. `askPackages`: see `FactsContext`. `askDefaults`: a server without configuration is started for a
 * moment (`readDefaults`).
 */
export async function observe(session: Session, options: ObserveOptions = {}): Promise<Observation> {
  const [hosts, view] = await Promise.all([observeHosts(session, options), observeNodes(session)]);
  return { ...hosts, view };
}

export const observeNodes = ({ inventory, redis }: Session): Promise<ClusterView> =>
  observeCluster(inventory.nodes, redis);

/** The hosts' half of `observe`. */
export async function observeHosts(
  session: Session,
  options: ObserveOptions = {},
): Promise<HostsObservation> {
  const [hosts, defaults] = await Promise.all([
    Promise.all(session.inventory.hosts.map((host) => factsOf(session, host, options))),
    options.askDefaults === true ? defaultsOf(session) : [],
  ]);
  return {
    defaults: new Map(defaults),
    facts: new Map(hosts.flatMap(({ name, facts }) => (facts ? [[name, facts] as const] : []))),
    failures: new Map(hosts.flatMap(({ name, failure }) => (failure ? [[name, failure] as const] : []))),
  };
}

async function defaultsOf({
  inventory,
  shells,
  signal,
}: Session): Promise<readonly (readonly [string, Defaults])[]> {
  const all = await Promise.all(
    inventory.hosts.map(async (host) => {
      const shell = shells.get(host.name);
      const { serviceUser } = layoutOf(inventory, host);
      const found = shell && (await readDefaults(shell, { server: inventory.server, serviceUser, signal }));
      return [host.name, found] as const;
    }),
  );
  return all.flatMap(([name, found]) => (found ? [[name, found] as const] : []));
}

async function factsOf(
  session: Session,
  host: Host,
  options: ObserveOptions,
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
