import { layoutOf } from '../../render/layout.ts';
import type { Check } from '../check.ts';
import { onHost, ours } from '../remedy.ts';

/**
 * The data folder can be written to. A node with a full write buffer notices only at its next snapshot, and one
 * that cannot save nodes.conf exits at the next change of the cluster.
 */
export const dataFolder: Check = {
  name: 'data folder writable',
  section: 'persistence',
  run: ({ inventory, hostProbes }) =>
    inventory.hosts.flatMap((host) =>
      layoutOf(inventory, host)
        .nodes.filter(({ node }) => hostProbes[host.name]?.dataWritable[node.id] === false)
        .map(({ node, dataDirectory }) => ({
          id: 'WR-DATA-READ-ONLY',
          severity: 'critical',
          title: `${node.id} cannot write to its data folder`,
          nodes: [node.id],
          hosts: [host.name],
          seen: `the server's user may not create a file in ${dataDirectory}`,
          expected: 'a folder that the server owns, on a file system mounted for writing',
          why: 'It can neither save its data nor nodes.conf, and exits at the next change of the cluster.',
          remedy: [
            onHost(inventory, host.name, `findmnt -n -o OPTIONS -T ${dataDirectory}`),
            ours(inventory, 'provision'),
          ],
        })),
    ),
};
