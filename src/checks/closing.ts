import type { Inventory } from '../inventory/inventory.ts';
import type { Finding } from './check.ts';
import { ours } from './remedy.ts';

/**
 * Several nodes that are down for different reasons: `start` and `provision` start all of them, so they fail
 * as long as one still has what keeps it down. What ends one node's own reason comes first, for each of them;
 * after that the commands for all. Other findings keep their places.
 */
export function closingLast(inventory: Inventory, findings: readonly Finding[]): readonly Finding[] {
  const down = findings.filter(isDown);
  if (down.every(isAlike)) return findings;
  // provision also starts what is down, and start changes nothing that it needs.
  const closing = ['provision', 'start'].map((command) => ours(inventory, command));
  const all = closing.filter((command) => down.some(({ remedy }) => remedy.includes(command)));
  const ownOf = ({ remedy }: Finding): readonly string[] => remedy.filter((line) => !closing.includes(line));
  const rank = (finding: Finding): number => {
    if (isAlike(finding)) return 3;
    if (ownOf(finding).length === 0) return 2;
    // A node that has lost its id is forgotten by the nodes that run: the others come back before that.
    return finding.remedy.includes(ours(inventory, 'provision')) ? 1 : 0;
  };
  const sorted = down.toSorted((a, b) => rank(a) - rank(b));
  const isAfterAll = (finding: Finding): boolean => isAlike(finding) || finding === sorted.at(-1);
  const ordered = sorted.map((finding): Finding => {
    if (isAfterAll(finding)) return { ...finding, remedy: [...ownOf(finding), ...all], inOrder: true };
    const own = ownOf(finding);
    return { ...finding, remedy: own.length > 0 ? own : finding.remedy, inOrder: true };
  });
  return inPlacesOf(findings, isDown, ordered);
}

const isDown = ({ id }: Finding): boolean => id === 'WR-NODE-DOWN';

/** Nodes that merely do not run become one finding. */
const isAlike = ({ shared }: Finding): boolean => shared !== undefined;

/**
 * The list with those that match replaced by others, one by one: they keep to the places that they have
 * there.
 */
export function inPlacesOf<T>(
  list: readonly T[],
  matches: (item: T) => boolean,
  others: readonly T[],
): readonly T[] {
  const rest = [...others];
  return list.map((item) => (matches(item) ? (rest.shift() ?? item) : item));
}
