import { expect, test } from 'vitest';
import { canonicalNetwork, containsNetwork, familyOf } from '../../../src/host/network.ts';

test.each([
  ['10.0.0.5', '10.0.0.5'],
  ['10.0.0.5/32', '10.0.0.5'],
  ['10.0.0.5/24', '10.0.0.0/24'],
  ['10.1.255.5/13', '10.0.0.0/13'],
  ['0.0.0.0/0', '0.0.0.0/0'],
  ['10.0.0.5/0', '0.0.0.0/0'],
  ['FD00:0::5', 'fd00::5'],
  ['fd00::5/128', 'fd00::5'],
  ['fd00:1:2:3:4::5/64', 'fd00:1:2:3::/64'],
  ['fd00:abcd:ffff::/44', 'fd00:abcd:fff0::/44'],
  ['::1/0', '::/0'],
  ['redis1', 'redis1'],
  ['10.0.0.0/33', '10.0.0.0/33'],
])('%s is %s', (text, canonical) => {
  expect(canonicalNetwork(text)).toBe(canonical);
});

test('what is in what', () => {
  expect(containsNetwork('10.0.0.0/8', '10.1.0.0/16')).toBe(true);
  expect(containsNetwork('10.0.0.0/8', '10.9.9.9')).toBe(true);
  expect(containsNetwork('10.9.9.9', '10.9.9.9/32')).toBe(true);
  expect(containsNetwork('10.1.0.0/16', '10.0.0.0/8')).toBe(false);
  expect(containsNetwork('10.1.0.0/16', '10.2.0.1')).toBe(false);
  expect(containsNetwork('0.0.0.0/0', 'fd00::1')).toBe(false);
  expect(containsNetwork('::/0', 'fd00::/8')).toBe(true);
  expect(containsNetwork('any', '10.0.0.1')).toBe(false);
  expect([familyOf('10.0.0.0/8'), familyOf('fd00::'), familyOf('x')]).toEqual([4, 6, undefined]);
});
