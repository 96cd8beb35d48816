import { expect, test } from 'vitest';
import type { ReachableView } from '../../../src/cluster/view.ts';
import type { Facts, FolderContents } from '../../../src/host/facts.ts';
import { parseInventory } from '../../../src/inventory/load.ts';
import { layoutOf } from '../../../src/render/layout.ts';
import { guardFinalSave } from '../../../src/failover/final-save.ts';
import facts from '../../fixtures/host/facts/debian-12-running/facts.json' with { type: 'json' };
import { mergePatch } from '../host/patch.ts';

const inventory = parseInventory(
  JSON.stringify({
    cluster: 'test',
    auth: { password: { env: 'WEEDGO_REDIS_PASSWORD' } },
    hosts: [1, 2, 3].map((number) => ({
      name: `redis${number}`,
      address: `10.0.0.${number}`,
      ports: [7000, 7003],
    })),
  }),
  '/nowhere/weedgo-redis.yaml',
);
const ids = ['redis1:7000', 'redis1:7003'];
const [host] = inventory.hosts;
const folders = host ? layoutOf(inventory, host).nodes.map(({ dataDirectory }) => dataDirectory) : [];
const megabyte = 1024 ** 2;

const folder: FolderContents = {
  kind: 'read',
  isWritable: true,
  identity: { kind: 'none' },
  dump: undefined,
  single: undefined,
  appendOnly: undefined,
};

type Change = {
  readonly folder?: object;
  readonly info?: Readonly<Record<string, string>>;
  readonly config?: Readonly<Record<string, string>>;
  /** MB that are free. */
  readonly free?: number;
};

function reasonsFor({ folder: change = {}, info = {}, config = {}, free = 1000 }: Change): readonly string[] {
  const disk = { total: 10_000 * megabyte, available: free * megabyte, inodesAvailable: 10_000 };
  const patch = {
    data: Object.fromEntries(
      ids.map((id, index) => [id, { folder: index === 0 ? mergePatch(folder, change) : folder }]),
    ),
    disks: Object.fromEntries(folders.map((path) => [path, disk])),
  };
  const nodes = ids.map((node, index): ReachableView => ({
    reachable: true,
    node,
    nodeId: '',
    nodes: [],
    clusterInfo: {},
    info: {
      rdb_last_bgsave_status: 'ok',
      used_memory_dataset: String(100 * megabyte),
      ...(index === 0 ? info : {}),
    },
    keys: 1,
    config: { save: '3600 1', 'shutdown-on-sigterm': 'default', ...(index === 0 ? config : {}) },
  }));
  const seen = mergePatch(facts, patch) as Facts;
  return guardFinalSave(inventory, { facts: new Map([['redis1', seen]]), view: { nodes } }, ids).map(
    ({ message }) => message,
  );
}

test.each<readonly [string, Change, string]>([
  ['a folder that is not writable', { folder: { isWritable: false } }, "not writable by the server's user"],
  ['a folder that is gone', { folder: { kind: 'absent' } }, 'is gone'],
  ['a snapshot that failed', { info: { rdb_last_bgsave_status: 'err' } }, 'its last snapshot failed'],
  [
    'no room for both nodes of a host',
    { free: 150 },
    `redis1:7000, redis1:7003: 150 MB free below ${folders[0]}, and the last snapshot needs 200 MB`,
  ],
])('%s: refused', (_, change, message) => {
  expect(reasonsFor(change)).toEqual([expect.stringContaining(message)]);
});

test.each<readonly [string, Change]>([
  ['nothing wrong', {}],
  [
    'a failed snapshot of a node that saves none at its end',
    { info: { rdb_last_bgsave_status: 'err' }, config: { save: '' } },
  ],
  [
    'a node that is told to save nothing',
    { folder: { isWritable: false }, config: { 'shutdown-on-sigterm': 'nosave' } },
  ],
  [
    'room enough by the size of the snapshot before',
    { free: 150, folder: { dump: { size: 10 * megabyte, modified: 0, format: { kind: 'commands' } } } },
  ],
])('%s: not refused', (_, change) => {
  expect(reasonsFor(change)).toEqual([]);
});
