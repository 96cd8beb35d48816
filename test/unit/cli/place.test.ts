import { expect, test } from 'vitest';
import { withPlace } from '../../../src/cli/place.ts';

test.each([
  [{ host: 'redis1' }, 'it is full', 'redis1: it is full'],
  [{ host: 'redis1' }, 'redis1: it is full', 'redis1: it is full'],
  [{ host: 'redis1' }, 'cannot reach redis1.', 'cannot reach redis1.'],
  [{ host: 'redis1' }, 'redis1:7000 is gone', undefined],
  [{ host: 'redis1', node: 'redis1:7000' }, 'could not start redis1:7000 (exit 1)', undefined],
  [{ host: 'redis1', node: 'redis1:7000' }, 'it is gone', 'redis1:7000: it is gone'],
  [{}, 'nothing to say', undefined],
])('%j, "%s"', (place, message, expected) => {
  expect(withPlace(place, message)).toBe(expected ?? message);
});
