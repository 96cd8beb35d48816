import { dirname } from 'node:path';
import { isRunning } from '../services.ts';
import type { HostStep } from '../step.ts';
import type { PlanInput } from './input.ts';
import { planStop } from './stops.ts';

/**
 * The steps that give the files in folders of data and logs to the server, where some are another user's:
 * somebody ran the server, or copied files, as root. A running node keeps running; a unit that systemd starts
 * over and over is stopped first. Only systemd's nodes have a user of their own.
 */
export function planDataOwners({
  desired,
  facts,
}: Pick<PlanInput, 'desired' | 'facts'>): readonly HostStep[] {
  const { layout, services } = desired;
  const owner = layout.serviceUser;
  if (owner === undefined) return [];
  return layout.nodes.flatMap(({ node, dataDirectory, logFile }): readonly HostStep[] => {
    const foreign = [dataDirectory, dirname(logFile)].filter(
      (path) => (facts.strayOwners[path] ?? []).length > 0,
    );
    if (foreign.length === 0) return [];
    const stopped = services.filter((each) => each.node === node.id && !isRunning(each, facts));
    return [
      ...planStop(stopped, facts),
      ...foreign.map((directory) => ({ kind: 'own-data', directory, owner }) as const),
    ];
  });
}
