import { dirname } from 'node:path';
import type { NodeLayout } from '../../render/layout.ts';
import { formerData } from '../planning/moves.ts';
import { isRunning } from '../services.ts';
import { shQuote } from '../../base/sh.ts';
import type { HostProblem } from './problem.ts';
import type { Requirement } from './requirement.ts';

/** What an earlier version of the tool left can be moved, before any node is stopped for it. */
export const requireMovable: Requirement = ({ inventory, host, facts, desired }) =>
  desired.layout.nodes.flatMap((place): readonly HostProblem[] => {
    const former = formerData(place, { server: inventory.server, facts });
    if (!former) return [];
    const service = desired.services.find(({ node }) => node === place.node.id);
    const text =
      former.folder?.kind !== 'directory'
        ? throughLink(place, former.path)
        : !former.folder.isNear
          ? elsewhere(place, { path: former.path, above: former.folder.above })
          : service && isRunning(service, facts) && !canHandOver(inventory)
            ? withoutReplica(place, former.path)
            : undefined;
    return text
      ? [{ id: 'former-place', kind: 'refused', host: host.name, node: place.node.id, ...text }]
      : [];
  });

const canHandOver = ({ mode, replicas }: { readonly mode: string; readonly replicas: number }): boolean =>
  mode === 'cluster' && replicas > 0;

type Text = Pick<HostProblem, 'message' | 'hints'>;

const throughLink = ({ node, dataDirectory }: NodeLayout, path: string): Text => ({
  message: `${node.id}: ${path}, where an earlier version had its data, is not a folder of its own: links are not moved`,
  hints: [
    'Stop the cluster: weedgo-redis stop',
    `When you know where the link leads, as root on ${node.host}: ln -s "$(readlink -f ${shQuote(path)})" ${shQuote(dataDirectory)} && rm ${shQuote(path)}`,
    'Then run the same command again.',
  ],
});

const elsewhere = (
  { node, dataDirectory }: NodeLayout,
  { path, above }: { readonly path: string; readonly above: string },
): Text => {
  const parent = dirname(dataDirectory);
  const newPlace = `${above}/weedgo-redis`;
  return {
    message: `${node.id}: ${path}, where an earlier version had its data, is on another file system than ${parent}: it is moved by renaming, never copied`,
    hints: [
      `Put ${parent} on that disk; nodes may run meanwhile. As root on ${node.host}:`,
      `chown root:root ${shQuote(above)} && chmod 0755 ${shQuote(above)}`,
      `if [ -d ${parent} ]; then mv -T ${parent} ${shQuote(newPlace)}; else mkdir -m 0755 ${shQuote(newPlace)}; fi && ln -s ${shQuote(newPlace)} ${parent}`,
      'Then run the same command again.',
    ],
  };
};

const withoutReplica = ({ node }: NodeLayout, path: string): Text => ({
  message: `${node.id} runs in ${path}, where an earlier version had it: without replicas nothing serves its data while it is moved`,
  hints: ['Stop the nodes: weedgo-redis stop', 'Then run the same command again: it moves and starts them.'],
});
