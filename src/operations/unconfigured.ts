import { RefusedError } from '../errors.ts';
import type { Facts } from '../host/facts.ts';
import type { Host } from '../inventory/inventory.ts';
import type { NodeLayout } from '../render/layout.ts';

/** Throws RefusedError where a host has no server, or no configuration of these nodes: they cannot be started. */
export function refuseUnconfigured(host: Host, { files, server }: Facts, nodes: readonly NodeLayout[]): void {
  if (!server.installed) {
    throw new RefusedError(`${host.name} has no Redis server installed`, {
      hints: ['weedgo-redis provision installs it where the inventory says so.'],
    });
  }
  const lacking = nodes.filter(({ configFile }) => files[configFile] === undefined);
  if (lacking.length === 0) return;
  throw new RefusedError(
    `${host.name} has no configuration of ${lacking.map(({ node }) => node.id).join(', ')}`,
    { hints: ['weedgo-redis provision writes it, and starts them.'] },
  );
}
