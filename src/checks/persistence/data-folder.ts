import { shQuote } from '../../host/sh.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import { layoutOf } from '../../render/layout.ts';
import type { Check } from '../check.ts';
import { onHost, ours } from '../remedy.ts';
import { failedSnapshots } from './disk.ts';

/**
 * The data folder can be written to. A node with a full write buffer notices only at its next snapshot, and one
 * that cannot save nodes.conf exits at the next change of the cluster.
 */
export const dataFolder: Check = {
  name: 'data folder writable',
  section: 'persistence',
  run: ({ inventory, hostProbes }, topology) =>
    inventory.hosts.flatMap((host) =>
      layoutOf(inventory, host).nodes.flatMap(({ node, dataDirectory }) => {
        const state = hostProbes[host.name]?.dataFolders[node.id] ?? 'writable';
        if (state === 'writable') return [];
        const place = { host: host.name, node: node.id, directory: dataDirectory };
        return [
          {
            id: 'WR-DATA-READ-ONLY',
            severity: 'critical',
            title: `${node.id} cannot write to its data folder`,
            nodes: [node.id],
            hosts: [host.name],
            seen:
              state === 'read-only'
                ? `${dataDirectory} cannot be written to even by root`
                : `the server's user may not create a file in ${dataDirectory}`,
            expected: 'a folder that the server owns, on a file system mounted for writing',
            why: 'It can neither save its data nor nodes.conf, and exits at the next change of the cluster.',
            remedy: [
              ...remedyFor(inventory, state, place),
              ...failedSnapshots(inventory, topology, [node.id]),
            ],
          },
        ];
      }),
    ),
};

type Place = { readonly host: string; readonly node: string; readonly directory: string };

function remedyFor(inventory: Inventory, state: 'denied' | 'read-only', place: Place): readonly string[] {
  if (state === 'denied') return [ours(inventory, 'provision')];
  const mount = `$(findmnt -n -o TARGET -T ${shQuote(place.directory)})`;
  return [onHost(inventory, place.host, `mount -o remount,rw "${mount}"`)];
}
