import { UsageError } from '../base/errors.ts';
import type { Host, Inventory } from '../inventory/inventory.ts';

/** Throws UsageError for a standalone inventory: it has nobody to hand over to. */
export function requireCluster({ mode, cluster }: Inventory, command: string): void {
  if (mode === 'cluster') return;
  throw new UsageError(`${cluster} is a standalone node: ${command} needs a cluster with replicas`);
}

/** The inventory's host of that name. Throws UsageError, naming those that there are. */
export function requireHost({ hosts }: Inventory, name: string): Host {
  const host = hosts.find((candidate) => candidate.name === name);
  if (host) return host;
  throw new UsageError(`${name} is not a host of the inventory`, {
    hints: [`Hosts: ${hosts.map((each) => each.name).join(', ')}`],
  });
}
