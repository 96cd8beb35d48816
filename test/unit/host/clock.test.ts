import { expect, test } from 'vitest';
import { requireClocks } from '../../../src/host/requirements/clock.ts';

const clocks = (...offsets: readonly number[]) =>
  offsets.map((offsetMs, index) => ({
    host: `redis${index + 1}`,
    clock: { now: 1e12 + offsetMs, offsetMs, uncertaintyMs: 20, synchronized: true },
  }));
const told = (...offsets: readonly number[]): readonly string[] =>
  requireClocks(clocks(...offsets)).map(({ kind, message }) => `${kind}: ${message}`);

test('clocks that agree, within a few seconds', () => {
  expect(told(-4000, 0, 900)).toEqual([]);
  expect(told(5019)).toEqual([]);
});

test('one that does not is named, with how far it is off', () => {
  expect(told(12, 3_600_000, -7)).toEqual(["failed: redis2: its clock is 3600 s ahead of this machine's"]);
  expect(told(-61_500)).toEqual(["failed: redis1: its clock is 61.5 s behind of this machine's"]);
  expect(told(10, 20_000)).toEqual(["failed: redis2: its clock is 20 s ahead of the other hosts'"]);
});

test("when the hosts agree with each other, it is the operator's", () => {
  expect(told(-90_000, -90_010, -89_990)).toEqual([
    "warning: this machine's clock is 90 s ahead of what the hosts agree on",
  ]);
  expect(told(60_000, 60_000)).toEqual([
    "warning: this machine's clock is 60 s behind of what the hosts agree on",
  ]);
});

test('a clock that nothing keeps in time is worth a word; one that cannot be told is not', () => {
  const [one, other] = clocks(0, 0);
  if (!one || !other) throw new Error('two clocks');
  const problems = requireClocks([
    { ...one, clock: { ...one.clock, synchronized: false } },
    { ...other, clock: { ...other.clock, synchronized: undefined } },
  ]);
  expect(problems).toMatchObject([{ id: 'clock-unsynchronized', kind: 'warning', host: 'redis1' }]);
});
