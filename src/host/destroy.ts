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
};

/**
 * The steps that leave nothing of a cluster's nodes on a host: stopped, then configuration, data and logs
 * removed. What other clusters' nodes on the host share stays as long as there are any; packages stay. Only
 * for hosts of which `requireOwnership` has no complaint.
 */
export function planDestroy(input: DestroyInput): readonly HostStep[] {
  const { layout, facts } = input;
  const services = servicesOf(input.inventory, layout, facts);
  const enabled = services.filter((service) => service.manager === 'systemd' && isEnabled(service, facts));
  const paths = layout.manager === 'daemon' ? localPaths(input) : systemdPaths(input);
  const firewall = layout.manager === 'daemon' ? [] : planFirewallRemoval(input.inventory, facts);
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
 */
function localPaths({ layout, facts }: DestroyInput): readonly HostStep[] {
  return layout.nodes.flatMap(({ node, configFile }) => {
    const folder = dirname(configFile);
    return facts.directories[folder] ? [remove(folder, `all that ${node.id} has on this machine`, true)] : [];
  });
}

function systemdPaths(input: DestroyInput): readonly HostStep[] {
  const {
    inventory: { server },
    layout,
    facts,
  } = input;
  const nodes = layout.nodes.flatMap(({ node, configFile, dataDirectory, logFile }) => [
    ...(facts.files[configFile] ? [remove(configFile, `configuration of ${node.id}`)] : []),
    ...(facts.directories[dataDirectory] ? [remove(dataDirectory, `data of ${node.id}`, true)] : []),
    ...(facts.directories[dirname(logFile)] ? [remove(dirname(logFile), `logs of ${node.id}`, true)] : []),
    ...formerPathsOf(node, { server, facts }),
  ]);
  const shared = hasOtherNodes(input) ? [] : Object.values(layout.shared ?? {});
  const paths = [
    ...nodes,
    ...leftoversOf(layout, facts).map((path) => remove(path, leftoverWhy)),
    ...shared.filter((path) => facts.files[path]).map((path) => remove(path, 'no node is left to use it')),
  ];
  return paths.map((step) => ({ ...step, group: server }));
}

/**
 * What an earlier version left of a node: data and logs first, since the configuration says whose they are.
 */
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
