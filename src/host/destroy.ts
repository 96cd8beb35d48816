import { dirname } from 'node:path';
import { formerPaths, type Layout } from '../render/layout.ts';
import type { Inventory, Node } from '../inventory/inventory.ts';
import type { Facts } from './facts.ts';
import { planFirewallRemoval } from './planning/firewall.ts';
import { planStop } from './planning/stops.ts';
import { leftoversOf, leftoverWhy } from './planning/leftovers.ts';
import { isEnabled, servicesOf } from './services.ts';
import type { HostStep } from './step.ts';

export type DestroyInput = {
  readonly inventory: Pick<Inventory, 'server' | 'cluster'>;
  readonly layout: Layout;
  readonly facts: Facts;
  /** Other nodes of this cluster are on the host: its packet filter rules are theirs as well, and stay. */
  readonly hasOthers?: boolean;
};

/**
 * The steps that leave nothing of a cluster's nodes on a host: stopped, then data, logs and configuration
 * removed. The configuration goes last: it says whose the data is, and `requireOwnership` refuses data that
 * has none, so a run that was cut off could not be repeated. What other nodes on the host share stays as long
 * as there are any; packages stay. Only for hosts on which `requireOwnership` finds nothing.
 */
export function planDestroy(input: DestroyInput): readonly HostStep[] {
  const { layout, facts, hasOthers = false } = input;
  const services = servicesOf(input.inventory, layout, facts);
  const enabled = services.filter((service) => service.manager === 'systemd' && isEnabled(service, facts));
  const paths = layout.manager === 'daemon' ? localPaths(input) : systemdPaths(input);
  const keepsFirewall = layout.manager === 'daemon' || hasOthers;
  const firewall = keepsFirewall ? [] : planFirewallRemoval(input.inventory, facts);
  const removesUnit = [...paths, ...firewall].some(
    (step) => step.kind === 'remove-path' && step.path.startsWith('/etc/systemd/'),
  );
  return [
    ...planStop(services, facts),
    ...enabled.map((service) => ({ kind: 'disable-service', service }) as const),
    ...paths,
    ...firewall,
    ...(removesUnit ? [{ kind: 'reload-units' } as const] : []),
  ];
}

/**
 * The node's own folders: other inventories may have nodes of the same cluster's name in the folder above.
 * The data goes before the folder: which of its entries is removed first is up to the file system.
 */
function localPaths({ layout, facts: { directories } }: DestroyInput): readonly HostStep[] {
  return layout.nodes.flatMap(({ node, configFile, dataDirectory }) => {
    const folder = dirname(configFile);
    return [
      ...(directories[dataDirectory] ? [remove(dataDirectory, `data of ${node.id}`, true)] : []),
      ...(directories[folder] ? [remove(folder, `all that ${node.id} has on this machine`, true)] : []),
    ];
  });
}

function systemdPaths(input: DestroyInput): readonly HostStep[] {
  const {
    inventory: { server },
    layout,
    facts,
  } = input;
  const nodes = layout.nodes.flatMap(({ node, configFile, dataDirectory, logFile }) => [
    ...(facts.directories[dataDirectory] ? [remove(dataDirectory, `data of ${node.id}`, true)] : []),
    ...(facts.directories[dirname(logFile)] ? [remove(dirname(logFile), `logs of ${node.id}`, true)] : []),
    ...(facts.files[configFile] ? [remove(configFile, `configuration of ${node.id}`)] : []),
    ...formerPathsOf(node, { server, facts }),
  ]);
  const shared = input.hasOthers || hasOtherNodes(input) ? [] : Object.values(layout.shared ?? {});
  const paths = [
    ...nodes,
    ...leftoversOf(layout, facts).map((path) => remove(path, leftoverWhy)),
    ...shared.filter((path) => facts.files[path]).map((path) => remove(path, 'no node is left to use it')),
  ];
  return paths.map((step) => ({ ...step, group: server }));
}

/** What an earlier version left of a node. */
function formerPathsOf(
  node: Node,
  { server, facts }: { readonly server: Inventory['server']; readonly facts: Facts },
): readonly RemovePath[] {
  const former = facts.data[node.id]?.former;
  if (!former) return [];
  const { configFile, dataDirectory, logFile } = formerPaths(server, node.port);
  const owned = [
    ...(former.folder ? [remove(dataDirectory, `former data of ${node.id}`, true)] : []),
    remove(logFile, `former log of ${node.id}`),
  ];
  return [
    ...owned.map((step) => ({ ...step, owner: server })),
    remove(configFile, `former configuration of ${node.id}`),
  ];
}

/** Configuration files of the tool's naming that are not this cluster's. */
function hasOtherNodes({ layout, facts, inventory: { server } }: DestroyInput): boolean {
  const places = layout.nodes.flatMap(({ node, configFile }) => [
    configFile,
    formerPaths(server, node.port).configFile,
  ]);
  const ours = new Set(places);
  const folders = new Set(places.map((path) => dirname(path)));
  return [...folders].some((folder) =>
    (facts.directories[folder]?.entries ?? []).some(
      (name) => /^(redis|valkey)-\d+\.conf$/.test(name) && !ours.has(`${folder}/${name}`),
    ),
  );
}

type RemovePath = Extract<HostStep, { readonly kind: 'remove-path' }>;

const remove = (path: string, why: string, recursive = false): RemovePath => ({
  kind: 'remove-path',
  path,
  recursive,
  why,
});
