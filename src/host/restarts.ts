import type { Layout } from '../render/layout.ts';
import type { Facts } from './facts.ts';

/** Start times are read to a second, and a unit is written right before its first start. */
const toleranceMs = 2_000;

export type PendingRestart = {
  /** Inventory id of a node that runs. */
  readonly node: string;
  /** unit: the systemd unit was changed since the node started. server: its executable was replaced. */
  readonly because: 'unit' | 'server';
};

/** Nodes that run with what was there before: they take up what is there now when they are restarted. */
export function restartsPending(layout: Layout, facts: Facts): readonly PendingRestart[] {
  const unit = layout.shared && facts.files[layout.shared.unit];
  return layout.nodes.flatMap(({ node }): readonly PendingRestart[] => {
    const process = facts.processes[node.id];
    if (!process) return [];
    const isUnitNewer = unit !== undefined && unit.modified > process.started + toleranceMs;
    return [
      ...(isUnitNewer ? [{ node: node.id, because: 'unit' } as const] : []),
      ...(process.executable.endsWith(' (deleted)') ? [{ node: node.id, because: 'server' } as const] : []),
    ];
  });
}
