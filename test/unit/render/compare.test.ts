import { describe, expect, test } from 'vitest';
import { sameDirectiveValue } from '../../../src/render/compare.ts';
import type { Value } from '../../../src/render/compare.ts';
import { desiredDirectives, directiveMutability } from '../../../src/render/directives.ts';

type Case = readonly [name: string, one: Value, other: Value];

describe('the same value, spelt differently', () => {
  const cases: readonly Case[] = [
    ['maxmemory', [['2gb']], '2147483648'],
    ['maxmemory', [['2GB']], '2048mb'],
    ['maxmemory', '1g', '1000000000'],
    ['maxmemory-clients', [['5%']], '5%'],
    ['appendonly', [['YES']], 'yes'],
    ['maxmemory-policy', [['NoEviction']], 'noeviction'],
    ['timeout', [['007']], '7'],
    [
      'save',
      [
        ['900', '1'],
        ['300', '10'],
      ],
      '900 1 300 10',
    ],
    ['save', [['900', '1'], [''], ['60', '5']], '60 5'],
    ['save', [['']], ''],
    [
      'client-output-buffer-limit',
      [['replica', '256mb', '64mb', '60']],
      'normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60',
    ],
    ['client-output-buffer-limit', 'pubsub 1mb 1mb 5 normal 0 0 0', 'normal 0 0 0 pubsub 1048576 1048576 5'],
    ['notify-keyspace-events', [['KEA']], 'AKE'],
    ['notify-keyspace-events', [['Kg$']], '$gK'],
    ['bind', [['10.0.0.1', '127.0.0.1']], '10.0.0.1 127.0.0.1'],
    ['shutdown-on-sigterm', [['now', 'force']], 'force now'],
    ['oom-score-adj', [['yes']], 'relative'],
    ['slave-priority', [['100']], '100'],
    ['requirepass', [['secret']], '***'],
    ['masterauth', '', ''],
  ];
  test.each(cases)('%s %j %j', (name, one, other) => {
    expect(sameDirectiveValue(name, one, other)).toBe(true);
    expect(sameDirectiveValue(name, other, one)).toBe(true);
  });
});

describe('another value', () => {
  const cases: readonly Case[] = [
    ['maxmemory', [['2gb']], '2000000000'],
    ['save', [['900', '1']], ''],
    ['save', [['900', '1']], '900 2'],
    ['client-output-buffer-limit', 'replica 512mb 64mb 60', 'slave 268435456 67108864 60'],
    ['bind', [['10.0.0.1', '127.0.0.1']], '127.0.0.1 10.0.0.1'],
    ['notify-keyspace-events', [['KEA']], 'KE'],
    ['logfile', [['/var/log/A']], '/var/log/a'],
    ['requirepass', [['secret']], ''],
    ['requirepass', [['']], '***'],
    ['requirepass', [['one']], [['two']]],
  ];
  test.each(cases)('%s %j %j', (name, one, other) => {
    expect(sameDirectiveValue(name, one, other)).toBe(false);
    expect(sameDirectiveValue(name, other, one)).toBe(false);
  });
});

test('the directives of a file, by name', () => {
  expect(desiredDirectives('# x\nSAVE 900 1\nport "7000"\nsave 60 5\n')).toEqual({
    save: [
      ['900', '1'],
      ['60', '5'],
    ],
    port: [['7000']],
  });
});

test('what a running server can be given', () => {
  const names = ['maxmemory', 'slave-priority', 'appendfilename', 'dir', 'user', 'port', 'search-limit'];
  expect(names.map(directiveMutability)).toEqual([
    'live',
    'live',
    'restart',
    'restart',
    'acl',
    'restart',
    'unknown',
  ]);
});
