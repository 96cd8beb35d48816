import { dirname } from 'node:path';
import type { Host, Inventory } from '../inventory/inventory.ts';
import { formerPaths, type Layout, layoutFiles, layoutOf, type NodeLayout } from '../render/layout.ts';
import type { FactsContext, NodePlace } from './facts/fact.ts';
import { bootPaths } from './firewall-boot.ts';
import { distributionUnits } from './packages.ts';

/** What to ask a host, as it follows from the inventory. `askPackages`: see `FactsContext`. */
export function factsContext(
  inventory: Pick<Inventory, 'cluster' | 'server' | 'mode'>,
  host: Host,
  options: { readonly layout?: Layout; readonly askPackages?: boolean } = {},
): FactsContext {
  const layout = options.layout ?? layoutOf(inventory, host);
  const { nodes } = layout;
  const boot = layout.manager === 'systemd' ? bootPaths(inventory.cluster) : undefined;
  return {
    server: inventory.server,
    serviceUser: layout.serviceUser,
    files: [...layoutFiles(layout), ...(boot?.files ?? [])],
    directories: [...layout.directories.map(({ path }) => path), ...formerFolders(inventory, layout)],
    disks: unique(
      nodes.flatMap((node) => [node.dataDirectory, dirname(node.configFile), dirname(node.logFile)]),
    ),
    units: [
      ...nodes.flatMap(({ service }) => (service.manager === 'systemd' ? [service.unit] : [])),
      ...(boot ? [boot.unit] : []),
    ],
    distributionUnits: layout.manager === 'systemd' ? distributionUnits : [],
    address: host.privateAddress,
    ports: nodes.flatMap(({ node }) =>
      inventory.mode === 'cluster' ? [node.port, node.busPort] : [node.port],
    ),
    nodes: nodes.map((node) => ({ ...placeOf(node), ...elsewhere(inventory, host, node) })),
    askPackages: options.askPackages ?? false,
  };
}

function placeOf({ node, dataDirectory, logFile, service }: NodeLayout): NodePlace {
  const place = { node: node.id, dataDirectory, logFile };
  return service.manager === 'systemd'
    ? { ...place, unit: service.unit }
    : { ...place, pidFile: service.pidFile };
}

/** Nodes of the tool's units are in folders that are named after their server. */
function elsewhere(
  inventory: Pick<Inventory, 'cluster' | 'server'>,
  host: Host,
  { node }: NodeLayout,
): Pick<NodePlace, 'elsewhere'> {
  if (host.connection === 'local') return {};
  const server = inventory.server === 'redis' ? 'valkey' : 'redis';
  const place = layoutOf({ cluster: inventory.cluster, server }, host).nodes.find(
    (each) => each.node.id === node.id,
  );
  if (!place) return {};
  const { configFile, dataDirectory } = place;
  const { cluster } = inventory;
  const former = formerPaths(inventory.server, node.port);
  return { elsewhere: { cluster, other: { configFile, dataDirectory }, former } };
}

/** Where earlier versions had configurations: those of other clusters say who else uses what all share. */
const formerFolders = (inventory: Pick<Inventory, 'server'>, layout: Layout): readonly string[] =>
  layout.manager === 'systemd' ? [dirname(formerPaths(inventory.server, 0).configFile)] : [];

const unique = (paths: readonly string[]): readonly string[] => [...new Set(paths)];
