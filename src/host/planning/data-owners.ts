import { isRunning } from '../services.ts';
import type { HostStep } from '../step.ts';
import type { PlanInput } from './input.ts';
import { formerData } from './moves.ts';

type OwnData = Extract<HostStep, { readonly kind: 'own-data' }>;

/**
 * The steps that give a stopped node's data to its server, where something in the folder is another user's: somebody
 * ran the server, or copied files, as root. Only systemd's nodes have a user of their own.
 */
export function planDataOwners({ inventory, desired, facts }: PlanInput): readonly OwnData[] {
  const { layout, services } = desired;
  const owner = layout.serviceUser;
  if (owner === undefined) return [];
  return layout.nodes.flatMap((place): readonly OwnData[] => {
    const { node, dataDirectory } = place;
    const service = services.find((each) => each.node === node.id);
    const folder = facts.data[node.id]?.folder;
    // It is judged, and given its owner, where it is moved to.
    if (formerData(place, { server: inventory.server, facts })) return [];
    if (!service || isRunning(service, facts) || !folder || folder.kind === 'absent') return [];
    const isForeign =
      folder.kind === 'unreadable' ? folder.path !== dataDirectory : (folder.locked ?? []).length > 0;
    return isForeign ? [{ kind: 'own-data', directory: dataDirectory, owner }] : [];
  });
}
