import { runsOlderFile, runsReplacedServer } from '../outdated.ts';
import type { HostProblem } from './problem.ts';
import type { Requirement } from './requirement.ts';

/** Nodes that run with what was there before: they take up what is there now when they are restarted. */
export const noteRestarts: Requirement = ({ host, facts, desired }) => {
  const { layout } = desired;
  return layout.nodes.flatMap(({ node }): readonly HostProblem[] => {
    const changed = [
      ...(runsOlderFile(facts, layout.shared?.unit, node.id) ? ['its systemd unit was changed'] : []),
      ...(facts.server.installed && runsReplacedServer(facts, node.id) ? ['the server was replaced'] : []),
    ];
    if (changed.length === 0) return [];
    return [
      {
        id: 'restart-pending',
        kind: 'warning',
        host: host.name,
        node: node.id,
        message: `${node.id}: ${changed.join(' and ')} since it started; that takes effect when it is restarted`,
        hints: [`weedgo-redis restart ${node.id}`],
      },
    ];
  });
};
