import type { ReachableView } from '../../cluster/view.ts';
import { nodeLayoutOf } from '../../render/layout.ts';
import type { CheckInput } from '../input.ts';
import { byHand, call } from '../remedy.ts';

const states = ['rdb_last_bgsave_status', 'aof_last_write_status', 'aof_last_bgrewrite_status'] as const;

/** Whether a save failed and none has succeeded since. */
export const couldNotSave = ({ info }: Pick<ReachableView, 'info'>): boolean =>
  states.some((state) => info[state] === 'err');

/** The reason, as the node's log has it: its last warnings; none where the log could not be read. */
export function loggedReason({ evidence }: CheckInput, node: string): readonly string[] {
  const warnings = (evidence[node]?.log ?? []).flatMap((line) => /^\d+:\w .* # (.*)$/.exec(line)?.[1] ?? []);
  const last = [...new Set(warnings)].slice(-2);
  return last.length === 0 ? [] : [`its log says: ${last.join('; ')}`];
}

/** The line for the person who has to remove the reason before a save can succeed. */
export function removeReason({ inventory }: CheckInput, id: string): string {
  const place = nodeLayoutOf(inventory, id);
  return byHand(`on ${place?.node.host}, remove the reason that ${place?.logFile} gives`);
}

/**
 * A snapshot now, or as soon as another child has ended: BGSAVE alone is refused while the append-only file
 * is rewritten.
 */
export const snapshot = ({ inventory }: Pick<CheckInput, 'inventory'>, node: string): string =>
  call(inventory, node, 'BGSAVE', 'SCHEDULE');
