import type { Inventory } from '../inventory/inventory.ts';
import type { Layout } from '../render/layout.ts';
import type { Facts } from './facts.ts';
import { serverPath } from './packages.ts';
import type { Service } from './service.ts';

/** How each node of a host is run, in the layout's order. */
export function servicesOf(
  inventory: Pick<Inventory, 'server'>,
  layout: Layout,
  facts: Pick<Facts, 'os' | 'server'>,
): readonly Service[] {
  return layout.nodes.map(({ node, configFile, dataDirectory, logFile, service }) => {
    const common = { node: node.id, port: node.port, logFile };
    return service.manager === 'systemd'
      ? { ...common, manager: service.manager, unit: service.unit, serviceUser: layout.serviceUser }
      : {
          ...common,
          manager: service.manager,
          configFile,
          dataDirectory,
          pidFile: service.pidFile,
          serverPath: serverPath(facts, inventory.server),
        };
  });
}

/** Running, as far as its service manager knows; a unit that systemd is restarting is not. */
export const isRunning = (service: Service, facts: Pick<Facts, 'units' | 'processes'>): boolean =>
  service.manager === 'systemd'
    ? facts.units[service.unit]?.active === 'active'
    : facts.processes[service.node] !== undefined;

/** Started at boot; nothing starts a plain daemon then, so nothing is missing. */
export const isEnabled = (service: Service, facts: Pick<Facts, 'units'>): boolean =>
  service.manager === 'daemon' || facts.units[service.unit]?.enabled === 'enabled';
