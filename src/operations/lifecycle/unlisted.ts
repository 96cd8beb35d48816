import { reachableNodes, standsAt } from '../../cluster/shape.ts';
import type { ClusterView } from '../../cluster/view.ts';
import type { Facts, StoredIdentity } from '../../host/facts.ts';
import { canonicalAddress } from '../../inventory/address.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import type { Configuration } from '../../session/secrets/configurations.ts';
import type { OtherConfigurations } from './other-configurations.ts';

/** The cluster's nodes that the inventory does not list. */
export type Unlisted = {
  /**
   * As `10.0.0.9:7000`, sorted; `HOST:PATH` of a configuration that does not say where its node is.
   */
  readonly nodes: readonly string[];
  /** false: neither a node nor a nodes.conf said which nodes the cluster has, so it may have others. */
  readonly isKnown: boolean;
};

type Sources = {
  readonly facts: readonly Facts[];
  readonly view: ClusterView;
  readonly others: OtherConfigurations;
};

type Place = { readonly ip: string; readonly port: number };

/**
 * By the nodes that answer, by the nodes.conf of each node, and by the configurations on the hosts. A node
 * that is marked as failed counts: it may be stopped only, with all its data.
 */
export function unlistedNodes(
  { mode, nodes }: Pick<Inventory, 'mode' | 'nodes'>,
  { facts, view, others }: Sources,
): Unlisted {
  const reachable = reachableNodes(view);
  const lines = reachable
    .flatMap((node) => node.nodes)
    .filter(({ flags }) => !flags.some((flag) => flag === 'handshake' || flag === 'noaddr'));
  const stored = facts.flatMap(identitiesOf);
  const found = [...others].flatMap(([host, all]) =>
    all.map((each) => placeOf(each) ?? `${host}:${each.path}`),
  );
  const places = [...lines, ...stored.flatMap(({ peersAt }) => peersAt), ...found.filter(isPlace)]
    .filter((place) => place.ip !== '' && !nodes.some((node) => standsAt(place, node)))
    .map(({ ip, port }) => `${canonicalAddress(ip)}:${port}`);
  const unplaced = found.filter((each) => typeof each === 'string');
  return {
    nodes: [...new Set([...places, ...unplaced])].toSorted(),
    isKnown: mode === 'standalone' || reachable.length > 0 || stored.length > 0,
  };
}

const identitiesOf = ({ data }: Facts): readonly Extract<StoredIdentity, { readonly kind: 'known' }>[] =>
  Object.values(data).flatMap(({ folder }) =>
    folder.kind === 'read' && folder.identity.kind === 'known' ? [folder.identity] : [],
  );

function placeOf({ directives }: Configuration): Place | undefined {
  const [ip] = directives?.['cluster-announce-ip']?.at(-1) ?? [];
  const [port] = directives?.['port']?.at(-1) ?? [];
  return ip === undefined || port === undefined ? undefined : { ip, port: Number(port) };
}

const isPlace = (found: Place | string): found is Place => typeof found !== 'string';
