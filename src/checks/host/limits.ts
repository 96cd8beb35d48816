import { isLoweredByLimit, reservedFiles } from '../../host/file-limit.ts';
import type { Inventory, Node } from '../../inventory/inventory.ts';
import type { Check, Finding } from '../check.ts';
import type { CheckInput } from '../input.ts';
import { wantedOf } from '../configuration/drift.ts';
import { byHand, ours, unitOf } from '../remedy.ts';
import { titled } from '../shared.ts';
import type { Topology } from '../topology.ts';

/** Room for the connections that maxclients promises. */
export const limits: Check = {
  name: 'open files limit',
  section: 'host',
  run: (input, topology) =>
    input.inventory.hosts.flatMap(({ nodes }) => nodes.flatMap((node) => judge(node, input, topology))),
};

/**
 * A server lowers its maxclients when it starts with too low a limit; a limit that was lowered later it does
 * not see.
 */
function judge(node: Node, input: CheckInput, topology: Topology): readonly Finding[] {
  const facts = input.hosts[node.host];
  const process = facts?.reachable ? facts.facts.processes[node.id] : undefined;
  const view = topology.reachable.find((each) => each.node === node.id);
  const clients = Number(view?.config['maxclients'] ?? 0);
  if (!process) return [];
  if (process.openFilesLimit > clients + reservedFiles) return [];
  const wanted = Number(wantedOf(input)[node.id]?.['maxclients']?.at(-1)?.[0] ?? 0);
  const isLowered = isLoweredByLimit(process, { wanted, live: clients });
  const needed = (isLowered ? wanted : clients) + reservedFiles;
  if (process.openFilesLimit >= needed) return [];
  return [
    {
      id: 'WR-FILE-LIMIT',
      severity: 'warning',
      ...titled(node.id, '{} may open too few files'),
      nodes: [node.id],
      hosts: [],
      seen: `a limit of ${process.openFilesLimit} open files with maxclients ${clients}`,
      expected: `at least ${needed}`,
      why: 'Connections, replication and persistence fail before maxclients is reached.',
      remedy: raise(input.inventory, node, needed),
      ...(isLowered && { explains: [{ ids: ['WR-CONFIG-LIVE'], nodes: [node.id] }] }),
    },
  ];
}

/** The unit sets the limit; a local node has that of the shell that it was started from. */
function raise(inventory: Inventory, node: Node, needed: number): readonly string[] {
  const restart = ours(inventory, 'restart', node.id);
  return unitOf(inventory, node) === undefined
    ? [byHand(`raise the limit of open files in this shell: ulimit -n ${needed}, or more`), restart]
    : [ours(inventory, 'provision'), restart];
}
