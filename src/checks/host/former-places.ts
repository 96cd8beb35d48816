import { formerData } from '../../host/planning/moves.ts';
import { formerPaths, layoutOf } from '../../render/layout.ts';
import type { Check, Finding } from '../check.ts';
import { ours } from '../remedy.ts';
import { titled } from '../shared.ts';

/** Nodes whose data, or whose configuration, is still where an earlier version of the tool had it. */
export const formerPlaces: Check = {
  name: 'folders of the tool',
  section: 'host',
  run: ({ inventory, hosts, view }) =>
    inventory.hosts.flatMap((host): readonly Finding[] => {
      const seen = hosts[host.name];
      if (seen?.reachable !== true) return [];
      const { facts } = seen;
      return layoutOf(inventory, host).nodes.flatMap((place) => {
        const { node, dataDirectory, logFile } = place;
        const former = formerData(place, { server: inventory.server, facts });
        const running = view.nodes.find((each) => each.node === node.id);
        // The log's path is the former file's own: the node was started with that one.
        const isRunThere =
          facts.data[node.id]?.former !== undefined &&
          running?.reachable === true &&
          running.config['logfile'] !== logFile;
        if (!former && !isRunThere) return [];
        const paths = formerPaths(inventory.server, node.port);
        return [
          {
            id: 'WR-FORMER-PLACE',
            severity: 'warning',
            ...titled(node.id, '{} {is|are} where an earlier version of the tool had {it|them}'),
            nodes: [node.id],
            hosts: [host.name],
            seen: former ? `its data is in ${former.path}` : `it runs with ${paths.configFile}`,
            expected: `its data in ${dataDirectory}`,
            why: 'The server owns the folders above, and could have root work elsewhere through a link there.',
            remedy: [ours(inventory, 'provision')],
          },
        ];
      });
    }),
};
