import { layoutOf, logFolderOf } from '../../render/layout.ts';
import type { Check } from '../check.ts';
import { ours } from '../remedy.ts';
import { titled } from '../shared.ts';

/**
 * Files in a node's folders that the server's user does not own, as somebody leaves them who ran the server
 * as root.
 */
export const dataOwner: Check = {
  name: 'owners in the data folder',
  section: 'persistence',
  run: (input, { unreachable }) =>
    input.inventory.hosts.flatMap((host) => {
      const facts = input.hosts[host.name];
      if (!facts?.reachable) return [];
      return layoutOf(input.inventory, host).nodes.flatMap((place) => {
        const { node } = place;
        const strays = [place.dataDirectory, logFolderOf(place)].flatMap((folder) => {
          const names = facts.facts.strayOwners[folder] ?? [];
          return names.length > 0 ? [`in ${folder}: ${names.join(', ')}`] : [];
        });
        if (strays.length === 0) return [];
        const isDown = unreachable.some((view) => view.node === node.id);
        return [
          {
            id: 'WR-DATA-OWNER',
            severity: isDown ? 'critical' : 'warning',
            ...titled(node.id, 'files of {} belong to another user'),
            nodes: [node.id],
            hosts: [host.name],
            seen: strays.join('; '),
            expected: "all files in its folders belong to the server's user",
            why: isDown
              ? 'The server may not open them, which is why the node does not start.'
              : 'The server may not open them at its next start, and then does not start.',
            remedy: [ours(input.inventory, 'provision')],
            explains: [
              {
                ids: ['WR-NODE-DOWN', 'WR-RESTARTS', 'WR-DATA-READ-ONLY', 'WR-FILE-MODE'],
                nodes: [node.id],
              },
            ],
          } as const,
        ];
      });
    }),
};
