import type { ExpectedData } from '../host/diagnosis/cause.ts';
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

/** What a node is to have on its disk, for the search for what keeps it down. */
export const expectedData = (id: string, input: CheckInput): ExpectedData => ({
  hasFolder: hasDataFolder(id, input),
  isCluster: input.inventory.mode === 'cluster',
});
