import { shQuote } from '../../base/sh.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import { layoutOf } from '../../render/layout.ts';
import type { Check } from '../check.ts';
import { byHand, onHost, ours } from '../remedy.ts';
import { aftermathOf } from './aftermath.ts';

/**
 * The data folder can be written to. A node with a full write buffer notices only at its next snapshot, and
 * one that cannot save nodes.conf exits at the next change of the cluster.
 */
export const dataFolder: Check = {
  name: 'data folder writable',
  section: 'persistence',
  run: (input, topology) =>
    input.inventory.hosts.flatMap((host) =>
      layoutOf(input.inventory, host).nodes.flatMap(({ node, dataDirectory }) => {
        const state = input.hostProbes[host.name]?.dataFolders[node.id] ?? 'writable';
        if (state === 'writable') return [];
        const aftermath = aftermathOf(input, topology, [node.id]);
        const place = { host: host.name, node: node.id, directory: dataDirectory };
        return [
          {
            id: 'WR-DATA-READ-ONLY',
            severity: 'critical',
            title: `${node.id} cannot write to its data folder`,
            nodes: [node.id],
            hosts: [host.name],
            seen: [
              state === 'read-only'
                ? `${dataDirectory} cannot be written to even by root`
                : `the server's user may not create a file in ${dataDirectory}`,
              ...aftermath.seen,
            ].join('; '),
            expected: 'a folder that the server owns, on a file system mounted for writing',
            why: 'It can neither save its data nor nodes.conf, and exits at the next change of the cluster.',
            remedy: [...aftermath.before, ...remedyFor(input.inventory, state, place), ...aftermath.after],
          },
        ];
      }),
    ),
};

type Place = { readonly host: string; readonly node: string; readonly directory: string };

function remedyFor(inventory: Inventory, state: 'denied' | 'read-only', place: Place): readonly string[] {
  if (state === 'denied') return [ours(inventory, 'provision')];
  const mount = `$(findmnt -n -o TARGET -T ${shQuote(place.directory)})`;
  return [
    onHost(inventory, place.host, `mount -o remount,rw "${mount}"`),
    byHand(
      `where that is refused the file system has errors: on ${place.host} end its nodes (systemctl kill -s KILL, as they do not go without having saved), unmount it, fsck it and mount it again`,
    ),
  ];
}
