import { readable } from '../../render/directives.ts';
import { nodeLayoutOf } from '../../render/layout.ts';
import type { Check, FindingId } from '../check.ts';
import { hasDataFolder } from '../data-folder.ts';
import type { CheckInput } from '../input.ts';
import { ours } from '../remedy.ts';

/** There is a cluster at all. A host that could not be read may have one, and so may a port in use. */
export const provisioned: Check = {
  name: 'cluster is there',
  section: 'cluster',
  run: (input, { reachable, unreachable }) => {
    const { cluster, nodes } = input.inventory;
    if (reachable.length > 0 || unreachable.some(({ failure }) => failure !== 'refused')) return [];
    if (nodes.some(({ id }) => hasConfiguration(id, input) || hasDataFolder(id, input))) return [];
    return [
      {
        id: 'WR-NOT-PROVISIONED',
        severity: 'critical',
        title: `nothing of ${cluster} is on its hosts`,
        nodes: [],
        hosts: input.inventory.hosts.map(({ name }) => name),
        seen: 'every host was read: no node has a configuration file or a data folder, and nothing listens on their ports',
        expected: 'the nodes of the inventory run',
        why: 'It was never provisioned, or was destroyed; or the inventory names other hosts or ports than it should.',
        remedy: [ours(input.inventory, 'provision')],
        explains: [{ ids: symptoms }],
      },
    ];
  },
};

const symptoms: readonly FindingId[] = ['WR-NODE-DOWN', 'WR-SLOTS-UNCOVERED', 'WR-FOLDER-MISSING'];

/** Its configuration file has it listen elsewhere: the host was given another address since. */
export function listensElsewhere(id: string, { inventory, hosts }: CheckInput): boolean {
  const place = nodeLayoutOf(inventory, id);
  const facts = place && hosts[place.node.host];
  const content = facts?.reachable ? facts.facts.files[place?.configFile ?? '']?.content : undefined;
  const bind = content === undefined ? [] : (readable(content)['bind'] ?? []).flat();
  const fitting = ['*', '0.0.0.0', '::', place?.node.address];
  return bind.length > 0 && !fitting.some((address) => address !== undefined && bind.includes(address));
}

/** False: its host shows that a node has no configuration file. */
export function hasConfiguration(id: string, { inventory, hosts }: CheckInput): boolean {
  const place = nodeLayoutOf(inventory, id);
  const facts = place && hosts[place.node.host];
  return place !== undefined && (!facts?.reachable || facts.facts.files[place.configFile] !== undefined);
}
