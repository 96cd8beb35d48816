import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compactSlots,
  countSlots,
  expandRanges,
  formatRanges,
  intersectSlots,
  keySlot,
  slotCount,
  splitEvenly,
  subtractSlots,
  uncoveredSlots,
  describeRanges,
} from '../../../src/cluster/slots.ts';

const slot = fc.integer({ min: 0, max: slotCount - 1 });
const slots = fc.uniqueArray(slot, { maxLength: 60 });
/** Ranges in any order that may overlap. */
const ranges = fc.array(
  fc.tuple(slot, fc.nat(300)).map(([first, more]) => [first, Math.min(first + more, slotCount - 1)] as const),
  { maxLength: 12 },
);
const setOf = (list: Parameters<typeof expandRanges>[0]): Set<number> => new Set(expandRanges(list));

describe('slot ranges', () => {
  it('splits all slots as redis-cli does', () => {
    expect(splitEvenly(3)).toEqual([
      [0, 5460],
      [5461, 10922],
      [10923, 16383],
    ]);
  });

  it('splits all slots evenly, without gap or overlap, for any number of masters', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), (parts) => {
        const split = splitEvenly(parts);
        const sizes = split.map((range) => countSlots([range]));
        expect(split).toHaveLength(parts);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        expect(uncoveredSlots(split)).toEqual([]);
        expect(countSlots(split)).toBe(slotCount);
      }),
    );
  });

  it('compacts and expands to the same slots', () => {
    fc.assert(
      fc.property(slots, (some) => {
        expect(expandRanges(compactSlots(some))).toEqual(some.toSorted((a, b) => a - b));
      }),
    );
  });

  it('compacts to ranges that do not touch', () => {
    fc.assert(
      fc.property(slots, (some) => {
        const compact = compactSlots(some);
        for (const [index, [first]] of compact.entries()) {
          const before = compact[index - 1]?.[1];
          if (before !== undefined) expect(first).toBeGreaterThan(before + 1);
        }
      }),
    );
  });

  it('knows its sets: intersection, difference, complement', () => {
    fc.assert(
      fc.property(ranges, ranges, (a, b) => {
        const [inA, inB] = [setOf(a), setOf(b)];
        expect(setOf(intersectSlots(a, b))).toEqual(new Set([...inA].filter((each) => inB.has(each))));
        expect(setOf(subtractSlots(a, b))).toEqual(new Set([...inA].filter((each) => !inB.has(each))));
        expect(countSlots(uncoveredSlots(a))).toBe(slotCount - inA.size);
        expect(intersectSlots(uncoveredSlots(a), a)).toEqual([]);
      }),
    );
  });

  it('writes ranges as CLUSTER NODES does', () => {
    expect(
      formatRanges([
        [0, 5460],
        [5462, 5462],
      ]),
    ).toBe('0-5460,5462');
    expect(formatRanges([])).toBe('');
  });
});

describe('the slot of a key', () => {
  it.each([
    ['123456789', 12_739],
    ['foo', 12_182],
    ['{user1000}.following', keySlot('user1000')],
    ['foo{}{bar}', 8363],
    ['foo{{bar}}zap', keySlot('{bar')],
    ['foo{bar}{zap}', keySlot('bar')],
    ['foo{bar', keySlot('foo{bar')],
    ['', 0],
  ])('%j', (key, expected) => {
    expect(keySlot(key)).toBe(expected);
  });
});

const single = (one: number) => [one, one] as const;

it('a text names some ranges and counts the rest', () => {
  expect(describeRanges([[0, 5460], single(5462)])).toBe('0-5460,5462');
  const many = Array.from({ length: 900 }, (_, index) => single(index * 2));
  expect(describeRanges(many)).toBe('0,2,4,6,8,10 and 894 more ranges');
  expect(describeRanges(many.slice(0, 7))).toBe('0,2,4,6,8,10 and 1 more range');
});
