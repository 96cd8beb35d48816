import type { HostProblem, Requirement } from './problem.ts';

/** Start times are read to a second, and a unit is written right before its first start. */
const toleranceMs = 2_000;

/** Nodes that run with what was there before: they take up what is there now when they are restarted. */
export const noteRestarts: Requirement = ({ host, facts, desired }) => {
  const { layout } = desired;
  const unit = layout.shared && facts.files[layout.shared.unit];
  return layout.nodes.flatMap(({ node }): readonly HostProblem[] => {
    const process = facts.processes[node.id];
    if (!process) return [];
    const changed = [
      ...(unit && unit.modified > process.started + toleranceMs ? ['its systemd unit was changed'] : []),
      ...(process.executable.endsWith(' (deleted)') ? ['the server was replaced'] : []),
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
