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
export function compactSlots(slots: Iterable<number>): readonly SlotRange[] {
  const ranges: [number, number][] = [];
  for (const slot of [...new Set(slots)].toSorted((a, b) => a - b)) {
    const current = ranges.at(-1);
    if (current && current[1] === slot - 1) current[1] = slot;
    else ranges.push([slot, slot]);
  }
  return ranges;
}

/** The slots of `ranges` that are not in `other`. */
export function subtractSlots(
  ranges: readonly SlotRange[],
  other: readonly SlotRange[],
): readonly SlotRange[] {
  const taken = new Set(expandRanges(other));
  return compactSlots(expandRanges(ranges).filter((slot) => !taken.has(slot)));
}

/** The slots that none of the given ranges holds. */
export function uncoveredSlots(ranges: readonly SlotRange[]): readonly SlotRange[] {
  return subtractSlots([[0, slotCount - 1]], ranges);
}

/** As CLUSTER NODES writes them, with commas: `0-5460,5462`. */
export function formatRanges(ranges: readonly SlotRange[]): string {
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
}

/**
 * The slot of a key: CRC16 (XMODEM) of it, or of its hash tag, modulo 16384. The tag is what stands between the
 * first `{` and the next `}` when that is not empty.
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
