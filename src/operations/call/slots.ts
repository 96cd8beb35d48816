import { parseClusterNodes } from '../../cluster/parse.ts';
import { expandRanges, slotCount } from '../../cluster/slots.ts';
import type { RedisConnection } from '../../redis/connection.ts';

/**
 * The slots of an ADDSLOTS or ADDSLOTSRANGE; undefined where what it says makes no sense: that is Redis' to
 * refuse.
 */
export function slotsIn(words: readonly string[]): readonly number[] | undefined {
  const numbers = words.slice(2).map(Number);
  const slots = words[1]?.toUpperCase() === 'ADDSLOTSRANGE' ? pairs(numbers) : numbers;
  return slots.some((slot) => !Number.isInteger(slot) || slot < 0 || slot >= slotCount) ? undefined : slots;
}

/** Whether a node has all of these slots, by its own word. Throws OperationError when it does not answer. */
export async function ownsSlots(connection: RedisConnection, words: readonly string[]): Promise<boolean> {
  const lines = parseClusterNodes(String(await connection.call(['CLUSTER', 'NODES'])));
  const own = lines.find(({ flags }) => flags.includes('myself'));
  const owned = new Set(expandRanges(own?.slots ?? []));
  const slots = slotsIn(words) ?? [];
  return slots.length > 0 && slots.every((slot) => owned.has(slot));
}

/** First and last of each range; what makes no sense is Redis' to refuse. */
function pairs(numbers: readonly number[]): readonly number[] {
  return numbers.flatMap((first, index) => {
    const last = numbers[index + 1] ?? first;
    if (index % 2 !== 0 || !(first >= 0 && last < slotCount)) return [];
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, offset) => first + offset);
  });
}
