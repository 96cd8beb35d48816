import { expect, test } from 'vitest';
import type { ReachableView } from '../../../src/cluster/view.ts';
import { keepLimits, requireSafeSettings } from '../../../src/operations/provision/safe-settings.ts';

const view: ReachableView = {
  reachable: true,
  node: 'redis1:7000',
  nodeId: '',
  nodes: [],
  clusterInfo: {},
  info: { used_memory: String(100 << 20), connected_clients: '60' },
  keys: 1000,
  config: {
    maxmemory: String(200 << 20),
    'maxmemory-policy': 'noeviction',
    maxclients: '10000',
    'repl-backlog-size': String(16 << 20),
  },
};

const refusals = (desired: Readonly<Record<string, string>>): readonly string[] =>
  requireSafeSettings({
    host: 'redis1',
    view,
    desired: Object.fromEntries(Object.entries(desired).map(([name, value]) => [name, [[value]]])),
    onDisk: {},
    data: { folder: { kind: 'absent' }, leftBehind: undefined, asides: [] },
    isOlderThanFile: false,
    defaults: undefined,
    otherSeries: undefined,
    renewed: [],
    move: undefined,
    version: '7.0.15',
    process: undefined,
    dropIns: [],
  }).map(({ message }) => message);

test.each([
  [{ maxmemory: '50mb' }, 'it would refuse every write'],
  [{ maxmemory: '50mb', 'maxmemory-policy': 'allkeys-lru' }, 'allkeys-lru would delete keys at once'],
  [{ maxclients: '50' }, 'it has 60 clients, and maxclients would be 50'],
  [{ 'repl-backlog-size': '150mb' }, 'it uses 234 MB with repl-backlog-size 150mb, and maxmemory would be'],
])('%j is refused', (desired, message) => {
  expect(refusals(desired)).toEqual([expect.stringContaining(message)]);
});

test.each([
  { maxmemory: '128mb' },
  { maxmemory: '0' },
  { maxclients: '100' },
  { maxmemory: '200mb' },
  { 'repl-backlog-size': '32mb' },
  { 'repl-backlog-size': '1mb' },
])('%j is not', (desired) => {
  expect(refusals(desired)).toEqual([]);
});

const conf = (directives: Readonly<Record<string, string>>): string =>
  `port "7000"\n${Object.entries(directives)
    .map(([name, value]) => `${name} "${value}"\n`)
    .join('')}`;
const filed = { maxmemory: '200mb', 'maxmemory-policy': 'noeviction', maxclients: '10000' };

test.each([
  [{ maxmemory: '50mb' }, {}],
  [{ maxmemory: '50mb', 'maxmemory-policy': 'allkeys-lru' }, {}],
  [{ 'maxmemory-policy': 'allkeys-lru' }, {}],
  [{ maxmemory: '300mb', 'maxmemory-policy': 'allkeys-lru' }, {}],
  [{ maxclients: '50' }, {}],
  [{ maxmemory: '300mb' }, { maxmemory: '300mb' }],
  [
    { maxmemory: '0', 'maxmemory-policy': 'allkeys-lru' },
    { maxmemory: '0', 'maxmemory-policy': 'allkeys-lru' },
  ],
  [{ maxclients: '20000' }, { maxclients: '20000' }],
])('a node that is down and is to get %j is started with %j changed', (change, kept) => {
  expect(keepLimits(conf({ ...filed, ...change }), conf(filed))).toBe(conf({ ...filed, ...kept }));
});

test('a limit that the file did not have is left out until the node runs', () => {
  expect(keepLimits(conf({ maxmemory: '50mb' }), conf({}))).toBe(conf({}));
});
