import { membersOf } from '../cluster/shape.ts';
import { countSlots, formatRanges } from '../cluster/slots.ts';
import type { ClusterView } from '../cluster/view.ts';
import type { Inventory } from '../inventory/inventory.ts';

/** One node as it is now, for reports. */
export type NodeRow = {
  readonly node: string;
  readonly address: string;
  readonly role: 'master' | 'replica' | 'standalone' | 'unreachable';
  /** The master it replicates, by inventory id; undefined for masters. */
  readonly master: string | undefined;
  readonly slots: number;
  /** As `0-5460`; '' without slots. */
  readonly slotRanges: string;
  readonly keys: number | undefined;
  readonly version: string | undefined;
};

/** A row for every node of the inventory, each master followed by its replicas. Pure. */
export function nodeRows(inventory: Inventory, view: ClusterView): readonly NodeRow[] {
  const members = membersOf(inventory, view);
  const byId = new Map(members.map((member) => [member.nodeId, member.node.id]));
  const rows = inventory.nodes.map((node): NodeRow => {
    const seen = view.nodes.find((candidate) => candidate.node === node.id);
    const member = members.find((candidate) => candidate.node === node);
    const live = seen?.reachable ? seen : undefined;
    return {
      node: node.id,
      address: `${node.address}:${node.port}`,
      role: live ? (member?.role ?? 'standalone') : 'unreachable',
      master: byId.get(member?.masterId ?? ''),
      slots: countSlots(member?.slots ?? []),
      slotRanges: formatRanges(member?.slots ?? []),
      keys: live?.keys,
      version: live?.info['redis_version'],
    };
  });
  return rows.toSorted((a, b) => rank(a, rows) - rank(b, rows));
}

/** A replica stands right behind its master, in the inventory's order otherwise. */
function rank(row: NodeRow, rows: readonly NodeRow[]): number {
  const index = rows.indexOf(row);
  const master = rows.findIndex(({ node }) => node === row.master);
  return master === -1 ? index : master + (index + 1) / (rows.length + 1);
}
