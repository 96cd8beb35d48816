import type { Requirement } from './requirement.ts';

/**
 * No node runs whose data folder was removed: what it holds is in its memory alone, and no step may end it.
 */
export const requireDataFolders: Requirement = ({ host, facts, desired }) =>
  desired.layout.nodes
    .filter(({ node }) => facts.processes[node.id]?.folder === 'gone')
    .map(({ node, dataDirectory }) => ({
      id: 'data-folder-gone',
      kind: 'refused',
      host: host.name,
      node: node.id,
      message: `${node.id} runs, and its data folder ${dataDirectory} was removed: what it holds is in its memory alone`,
      hints: [
        'Run `weedgo-redis verify`: it prints the commands that let a replica take over and replace the node.',
      ],
    }));
