import { renewedSince } from '../outdated.ts';
import type { HostProblem } from './problem.ts';
import type { Requirement } from './requirement.ts';

/** Nodes that run with what was there before: they take up what is there now when they are restarted. */
export const noteRestarts: Requirement = ({ host, facts, desired }) => {
  const { layout } = desired;
  return layout.nodes.flatMap(({ node }): readonly HostProblem[] => {
    const changed = renewedSince(facts, layout.shared?.unit, node.id);
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
