import { layoutOf } from '../render/layout.ts';
import type { CheckInput } from './input.ts';

/** False: its host shows that a node has no data folder. A host that could not be read shows nothing. */
export function hasDataFolder(id: string, { inventory, hosts }: CheckInput): boolean {
  return inventory.hosts.some((host) => {
    const facts = hosts[host.name];
    const place = layoutOf(inventory, host).nodes.find(({ node }) => node.id === id);
    return place && (!facts?.reachable || facts.facts.directories[place.dataDirectory] !== undefined);
  });
}
