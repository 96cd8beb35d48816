import type { NodeRow } from '../../operations/node-rows.ts';
import { formatTable } from './table.ts';

/** The nodes as a table, each master followed by its replicas. */
export function formatNodes(nodes: readonly NodeRow[]): string {
  return formatTable(
    ['NODE', 'ADDRESS', 'ROLE', 'REPLICATES', 'SLOTS', 'KEYS', 'VERSION'],
    nodes.map((row) => [
      row.node,
      row.address,
      row.role,
      row.master ?? '',
      row.slotRanges,
      String(row.keys ?? ''),
      row.version ?? '',
    ]),
  );
}
