import { situationOf } from '../cluster/failover/situation.ts';
import type { Situation } from '../cluster/failover/situation.ts';
import type { TopologyView } from '../cluster/view.ts';
import { observeTopology } from '../redis/observe.ts';
import type { Session } from '../session/session.ts';

export type LookOptions = {
  /** Bytes; default `defaultMaxLag`. */
  readonly maxLag?: number | undefined;
  /** Hosts that are remembered as drained, whatever their nodes say. */
  readonly drained?: readonly string[];
  /**
   * Inventory ids of the nodes to ask; default all. A host that has just died takes seconds not to answer.
   */
  readonly among?: ReadonlySet<string>;
};

/** Asks the nodes who is who. Those that cannot be, or need not be asked are in the view with the reason. */
export async function lookAround(session: Session, options: LookOptions = {}): Promise<Situation> {
  const { inventory, redis } = session;
  const { maxLag, drained = [], among } = options;
  const asked = inventory.nodes.filter(({ id }) => among?.has(id) ?? true);
  const seen = await observeTopology(asked, redis);
  const views = new Map(seen.nodes.map((view) => [view.node, view]));
  const view: TopologyView = {
    nodes: inventory.nodes.map(
      ({ id }) =>
        views.get(id) ?? { reachable: false, node: id, failure: 'host', reason: 'it did not answer before' },
    ),
  };
  return situationOf(inventory, view, { drained, ...(maxLag !== undefined && { maxLag }) });
}

/** The nodes of a look that answered. */
export function answering({ view }: Situation): ReadonlySet<string> {
  return new Set(view.nodes.filter(({ reachable }) => reachable).map(({ node }) => node));
}
