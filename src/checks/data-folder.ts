import { nodeLayoutOf } from '../render/layout.ts';
import type { CheckInput } from './input.ts';

/** False: its host shows that a node has no data folder. A host that could not be read shows nothing. */
export function hasDataFolder(id: string, { inventory, hosts }: CheckInput): boolean {
  const place = nodeLayoutOf(inventory, id);
  const facts = place && hosts[place.node.host];
  return (
    place !== undefined && (!facts?.reachable || facts.facts.directories[place.dataDirectory] !== undefined)
  );
}
