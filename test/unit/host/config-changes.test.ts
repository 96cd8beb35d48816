import { expect, test } from 'vitest';
import { configChanges } from '../../../src/host/config-changes.ts';

const names = (before: string, after: string): readonly string[] =>
  configChanges(before, after).map(({ directive, how }) => `${directive} ${how}`);

test('what a running server can be given, and what it cannot', () => {
  const before = 'maxmemory 1gb\ntcp-backlog 511\nuser app on #a +get\nrequirepass "one"\nport 7000\n';
  const after = 'maxmemory 2gb\ntcp-backlog 1024\nuser app on #b +get\nrequirepass "two"\nport 7000\n';
  expect(names(before, after)).toEqual([
    'maxmemory live',
    'tcp-backlog restart',
    'user acl',
    'requirepass live',
  ]);
  expect(configChanges(before, after).at(-1)).toEqual({
    directive: 'requirepass',
    before: [['one']],
    after: [['two']],
    secret: true,
    how: 'live',
  });
});

test('comments, order, case and spelling are no change', () => {
  expect(
    names(
      'maxmemory 1gb\nsave 900 1\nsave 300 10\nslave-priority 100\n',
      '# more\nreplica-priority "100"\nSAVE 900 1 300 10\nMaxMemory 1024mb\n',
    ),
  ).toEqual([]);
});

test('a directive that is new, one that is gone, and one that no server here knows', () => {
  expect(names('hz 10\n', 'activerehashing no\nfuture-directive 1\n')).toEqual([
    'activerehashing live',
    'future-directive unknown',
    'hz restart',
  ]);
});

test('what somebody broke counts as nothing', () => {
  expect(names('maxmemory "1gb\n', 'maxmemory 1gb\n')).toEqual(['maxmemory live']);
});
