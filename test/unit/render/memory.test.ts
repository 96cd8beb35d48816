import { assert, integer, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defaultMaxmemory, formatMemory, parseMemory, powerOfTwoWithin } from '../../../src/render/memory.ts';

const mebibyte = 1 << 20;
const gibibyte = 1024 * mebibyte;

describe('default maxmemory', () => {
  const cases: readonly (readonly [memory: number, nodes: number, mebibytes: number])[] = [
    [8 * gibibyte, 2, 2304],
    [24 * gibibyte, 6, 2304],
    [2 * gibibyte, 2, 576],
    [512 * mebibyte, 1, 128],
    [512 * mebibyte, 6, 24],
    [128 * mebibyte, 6, 16],
  ];
  test.each(cases)('%d bytes, %d nodes: %d MiB each', (totalBytes, nodesOnHost, mebibytes) => {
    expect(defaultMaxmemory({ totalBytes, nodesOnHost }).bytes / mebibyte).toBe(mebibytes);
  });

  test('all nodes together always leave room, once the host is not tiny', () => {
    assert(
      property(integer({ min: 1, max: 1024 }), integer({ min: 1, max: 16 }), (gigabytes, nodesOnHost) => {
        const totalBytes = gigabytes * gibibyte;
        const { bytes } = defaultMaxmemory({ totalBytes, nodesOnHost });
        expect(bytes % mebibyte).toBe(0);
        expect(bytes).toBeGreaterThan(0);
        expect(bytes * nodesOnHost).toBeLessThan(totalBytes * 0.6);
      }),
    );
  });

  test('a few pages more or less do not change what a node has', () => {
    const totalBytes = 8 * gibibyte;
    const { bytes } = defaultMaxmemory({ totalBytes, nodesOnHost: 2 });
    const later = { totalBytes: totalBytes - 200 * mebibyte, nodesOnHost: 2 };
    expect(defaultMaxmemory(later).bytes).toBe(bytes - 64 * mebibyte);
    expect(defaultMaxmemory({ ...later, currentBytes: bytes }).bytes).toBe(bytes);
    expect(defaultMaxmemory({ ...later, currentBytes: 0 }).bytes).toBe(bytes - 64 * mebibyte);
    expect(defaultMaxmemory({ ...later, currentBytes: 2 * bytes }).bytes).toBe(bytes - 64 * mebibyte);
  });
});

test('amounts are read and written as redis.conf has them', () => {
  const read = ['1024', '1k', '1kb', '2mb', '1gb', '5b', '1tb', 'x', ''].map(parseMemory);
  expect(read).toEqual([1024, 1000, 1024, 2 * mebibyte, gibibyte, 5, undefined, undefined, undefined]);
  expect([0, 1, 64 * mebibyte, 3000].map(formatMemory)).toEqual(['0', '1', '64mb', '3000']);
});

test('derived sizes are powers of two within bounds', () => {
  const sizes = [0, 20, 143, 144, 100_000].map(
    (size) => powerOfTwoWithin(size * mebibyte, [16, 256]) / mebibyte,
  );
  expect(sizes).toEqual([16, 16, 128, 128, 256]);
});
