import type { Inventory } from '../inventory/inventory.ts';
import { listMissing } from './missing.ts';
import type { Missing } from './missing.ts';
import { membersOf } from './shape.ts';
import type { TopologyView } from './view.ts';

/**
 * What the nodes that can be reached lack of what they can have without the others (`away`, inventory ids):
 * to answer, to know each other, and to follow their masters. The slots of masters that are away are not
 * served, so nothing is asked of the cluster's state.
 */
export function listMissingWithout(
  inventory: Inventory,
  view: TopologyView,
  away: ReadonlySet<string>,
): readonly Missing[] {
  const members = membersOf(inventory, view);
  const masterOf = (id: string): string | undefined => {
    const masterId = members.find(({ node }) => node.id === id)?.masterId;
    return members.find(({ nodeId }) => nodeId === masterId)?.node.id;
  };
  return listMissing(inventory, view).filter(({ kind, node, peer }) => {
    if (away.has(node) || (peer !== undefined && away.has(peer))) return false;
    if (['state', 'slots', 'agreement'].includes(kind)) return false;
    return kind !== 'replication' || !away.has(masterOf(node) ?? '');
  });
}
