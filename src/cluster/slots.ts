import type { SlotRange } from './view.ts';

/** Hash slots of a Redis Cluster, 0 to 16383 (Redis Cluster specification, "Key distribution model"). */
export const slotCount = 16_384;

/** All slots in `parts` contiguous ranges, as redis-cli divides them; 1 ≤ parts ≤ 16384. */
export function splitEvenly(parts: number): readonly SlotRange[] {
  const start = (part: number): number => Math.round((part * slotCount) / parts);
  return Array.from({ length: parts }, (_, part) => [start(part), start(part + 1) - 1] as const);
}

export function countSlots(ranges: readonly SlotRange[]): number {
  return ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0);
}

export function expandRanges(ranges: readonly SlotRange[]): readonly number[] {
  return ranges.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, i) => first + i));
}

/** Slots in any order, also repeated, as the fewest ascending ranges. */
export const compactSlots = (slots: Iterable<number>): readonly SlotRange[] =>
  mergeRanges(Array.from(slots, (slot) => [slot, slot] as const));

/** Ranges in any order, also overlapping, as the fewest ascending ones. */
function mergeRanges(ranges: readonly SlotRange[]): readonly SlotRange[] {
  const merged: [number, number][] = [];
  for (const [first, last] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const current = merged.at(-1);
    if (current && first <= current[1] + 1) current[1] = Math.max(current[1], last);
    else merged.push([first, last]);
  }
  return merged;
}

/** The slots that none of the ranges holds. */
export function uncoveredSlots(ranges: readonly SlotRange[]): readonly SlotRange[] {
  const gaps: SlotRange[] = [];
  let next = 0;
  for (const [first, last] of mergeRanges(ranges)) {
    if (first > next) gaps.push([next, first - 1]);
    next = last + 1;
  }
  return next < slotCount ? [...gaps, [next, slotCount - 1]] : gaps;
}

/** The slots that both hold. */
export function intersectSlots(a: readonly SlotRange[], b: readonly SlotRange[]): readonly SlotRange[] {
  const others = mergeRanges(b);
  return mergeRanges(a).flatMap(([first, last]) =>
    others
      .filter((range) => range[0] <= last && range[1] >= first)
      .map((range): SlotRange => [Math.max(range[0], first), Math.min(range[1], last)]),
  );
}

/** The slots of `ranges` that `other` does not hold. */
export const subtractSlots = (
  ranges: readonly SlotRange[],
  other: readonly SlotRange[],
): readonly SlotRange[] => intersectSlots(ranges, uncoveredSlots(other));

/** As CLUSTER NODES writes them, with commas: `0-5460,5462`. */
export function formatRanges(ranges: readonly SlotRange[]): string {
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
}

/** The most ranges that one text names. */
const mostRanges = 6;

/** For people: `0-5460,5462`, or the first ranges and how many more there are. */
export function describeRanges(ranges: readonly SlotRange[]): string {
  const more = ranges.length - mostRanges;
  if (more <= 0) return formatRanges(ranges);
  return `${formatRanges(ranges.slice(0, mostRanges))} and ${more} more ${more === 1 ? 'range' : 'ranges'}`;
}

/**
 * The slot of a key: CRC16 (XMODEM) of it, or of its hash tag, modulo 16384. The tag is what stands between
 * the first `{` and the next `}` when that is not empty.
 */
export function keySlot(key: string): number {
  const open = key.indexOf('{');
  const close = open === -1 ? -1 : key.indexOf('}', open + 1);
  const hashed = close > open + 1 ? key.slice(open + 1, close) : key;
  return crc16(new TextEncoder().encode(hashed)) % slotCount;
}

function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff;
  }
  return crc;
}
