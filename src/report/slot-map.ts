import { formatRanges, slotCount } from '../cluster/slots.ts';
import type { Report } from './schema.ts';

/** One contiguous stretch of the 16384 slots with one owner, or none. */
export type SlotSegment = {
  readonly first: number;
  readonly last: number;
  readonly slots: number;
  /** undefined: nobody owns it. */
  readonly owner: Report['nodes'][number] | undefined;
  /** `0-5460` */
  readonly range: string;
};

/** The whole slot space from 0 to 16383, in order; what nobody owns is a segment as well. */
export function slotSegments({ nodes }: Report): readonly SlotSegment[] {
  const owned = nodes
    .filter(({ role }) => role === 'master')
    .flatMap((owner) => rangesOf(owner.slotRanges).map(([first, last]) => ({ first, last, owner })))
    .toSorted((a, b) => a.first - b.first);
  const segments: SlotSegment[] = [];
  let next = 0;
  for (const { first, last, owner } of owned) {
    if (first > next) segments.push(segment(next, first - 1, undefined));
    // Two claims of one slot are a finding; the drawing gives it to the first.
    if (last >= next) segments.push(segment(Math.max(first, next), last, owner));
    next = Math.max(next, last + 1);
  }
  if (next < slotCount) segments.push(segment(next, slotCount - 1, undefined));
  return segments;
}

function segment(first: number, last: number, owner: SlotSegment['owner']): SlotSegment {
  return { first, last, slots: last - first + 1, owner, range: formatRanges([[first, last]]) };
}

function rangesOf(ranges: string): readonly (readonly [number, number])[] {
  return ranges
    .split(',')
    .filter((range) => range !== '')
    .map((range) => {
      const [first = 0, last = first] = range.split('-').map(Number);
      return [first, last] as const;
    });
}
