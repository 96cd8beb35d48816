import { describe, expect, it } from 'vitest';
import type { Work } from '../../../src/cluster/catching-up.ts';
import { createWorkWatch } from '../../../src/redis/work-watch.ts';

const copying = (bytes: number): readonly Work[] => [
  { node: 'a', doing: `is being copied to: ${bytes}`, bytes },
];
const loading: readonly Work[] = [{ node: 'a', doing: 'loads its data', bytes: 0 }];

describe('a watch over nodes at work', () => {
  it('goes on for one that loads, is copied to, and loads that', () => {
    const { see, restless } = createWorkWatch();
    for (const work of [loading, loading, [], copying(0), copying(5), copying(9), loading, loading])
      expect(see(work)).toBe(work.length > 0);
    expect(restless()).toEqual([]);
  });

  it('does not for one whose copy ends and begins over and over', () => {
    const { see, restless } = createWorkWatch();
    const seen = Array.from({ length: 6 }, () => [see(copying(3)), see(copying(7)), see([])]);
    expect(seen.map(([begun]) => begun)).toEqual([true, true, true, true, false, false]);
    expect(restless()).toEqual([
      expect.stringContaining('a begins to load or to be copied to again and again'),
    ]);
  });

  it('takes fewer bytes than before for a new beginning, also without a look in between', () => {
    const { see } = createWorkWatch();
    expect(Array.from({ length: 6 }, () => see(copying(9)) && see(copying(3))).at(-1)).toBe(false);
  });

  it('tells what changes, once', () => {
    const told: string[] = [];
    const { see } = createWorkWatch(({ message }) => told.push(message));
    for (const work of [copying(1), copying(1), copying(2), loading, loading]) see(work);
    expect(told).toEqual(['a is being copied to: 1', 'a is being copied to: 2', 'a loads its data']);
  });
});
