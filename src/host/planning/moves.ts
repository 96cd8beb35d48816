import type { Facts, FormerNode } from '../facts.ts';
import { formerPaths, type Layout, type NodeLayout } from '../../render/layout.ts';
import { isRunning } from '../services.ts';
import type { HostStep } from '../step.ts';
import type { PlanInput } from './input.ts';
import { planStop } from './stops.ts';

type MoveStep = Extract<HostStep, { readonly kind: 'move-data' }>;

/**
 * The data of a node that is still where an earlier version of the tool had it, while its own place holds
 * none.
 */
export function formerData(
  { node }: NodeLayout,
  { server, facts }: { readonly server: 'redis' | 'valkey'; readonly facts: Pick<Facts, 'data'> },
): (FormerNode & { readonly path: string }) | undefined {
  const data = facts.data[node.id];
  const path = formerPaths(server, node.port).dataDirectory;
  return data?.former && data.leftBehind === path ? { ...data.former, path } : undefined;
}

/** The step that moves a node's data into its own place; undefined: there is nothing to move. */
export function moveOf(
  place: NodeLayout,
  context: { readonly server: 'redis' | 'valkey'; readonly facts: Pick<Facts, 'data'> },
): MoveStep | undefined {
  const former = formerData(place, context);
  return former && { kind: 'move-data', from: former.path, to: place.dataDirectory, owner: context.server };
}

/**
 * The steps that move the data of nodes that do not run; the others are restarted for it, one after the
 * other.
 */
export function planMoves({ inventory, desired, facts }: PlanInput): readonly HostStep[] {
  const moved = desired.layout.nodes.flatMap((place) => {
    const service = desired.services.find(({ node }) => node === place.node.id);
    const step = moveOf(place, { server: inventory.server, facts });
    return step && service && !isRunning(service, facts) ? [{ service, step }] : [];
  });
  return [
    // systemd may be about to start it.
    ...planStop(
      moved.map(({ service }) => service),
      facts,
    ),
    ...moved.map(({ step }) => step),
  ];
}

/**
 * Configurations of earlier versions that no node needs any more: its data is in its own place, and so is its
 * configuration.
 */
export function formerLeftovers(
  layout: Layout,
  { server, facts }: { readonly server: 'redis' | 'valkey'; readonly facts: Facts },
): readonly string[] {
  return layout.nodes.flatMap((place) => {
    const process = facts.processes[place.node.id];
    const isDone =
      facts.data[place.node.id]?.former !== undefined &&
      formerData(place, { server, facts }) === undefined &&
      facts.files[place.configFile] !== undefined &&
      (process === undefined || process.folder === 'own');
    return isDone ? [formerPaths(server, place.node.port).configFile] : [];
  });
}
