import { expect, test } from 'vitest';
import type { Report } from '../../../src/report/schema.ts';
import { type Fixing, seeAndFix } from '../../support/operator.ts';
import { until } from '../../support/until.ts';
import { byRole, createScene, type Scene, untilInfo, shareScene } from './scene.ts';

/** Memory that is too small, and other faults whose remedy is a change of the inventory. */
let scene: Scene;

shareScene(
  () =>
    createScene(
      { redis1: [18_600, 18_603], redis2: [18_601, 18_604], redis3: [18_602, 18_605] },
      // Filled with hundreds of megabytes a master is silent for seconds on a slow machine, and stays one.
      { 'cluster-node-timeout': 15_000 },
    ),
  (made) => {
    scene = made;
  },
);

const master = 'redis1:18600';
const replica = 'redis2:18604';

/** Keys of the first shard, each as large as that many bytes. */
const fill = async (sizes: readonly number[], seconds?: number): Promise<void> => {
  for (const [index, size] of sizes.entries()) {
    await scene.redis(master, 'SETRANGE', `{b}${index}`, size - 1, 'x');
    if (seconds !== undefined) await scene.redis(master, 'EXPIRE', `{b}${index}`, seconds);
  }
};
const megabytes = (count: number, each = 1): readonly number[] =>
  Array.from({ length: count }, () => each * 1_000_000);

const empty = async (): Promise<void> => {
  await scene.redis(master, 'FLUSHALL');
  await untilInfo(scene, replica, { db0: '' });
};

const provision = async (): Promise<void> => {
  expect(await scene.cli.run('provision')).toMatchObject({ code: 0 });
};

const see = (expected: readonly string[], fixing: Fixing = {}): Promise<Report> =>
  seeAndFix({ cli: scene.cli, verify: () => scene.verify({ writeTest: true }) }, expected, fixing);

const following = ({ findings }: Report): readonly (readonly [string, readonly string[]])[] =>
  findings.filter(({ explainedBy }) => explainedBy !== null).map(({ id, nodes }) => [id, nodes]);

test('a master that is full refuses writes: its memory is the one cause', async () => {
  await fill([60_000_000]);
  await until(async () => {
    const reply = await scene.redis(master, 'APPEND', '{b}0', 'x'.repeat(100_000)).catch(String);
    expect(reply).toContain('OOM');
  });
  const report = await see(['WR-MEMORY-FULL'], {
    byHand: () => scene.edit(({ config }) => (config['maxmemory'] = '128mb')),
  });
  expect(report.findings[0]).toMatchObject({ severity: 'critical', nodes: [master] });
  expect(following(report)).toEqual([
    ['WR-MEMORY-FULL', [replica]],
    ['WR-WRITE-FAILED', [master]],
  ]);
  await empty();
});

test('a replica whose limit was lowered below what its master has', async () => {
  await fill(megabytes(30));
  await scene.redis(replica, 'CONFIG', 'SET', 'maxmemory', '20mb');
  const report = await see(['WR-CONFIG-LIVE']);
  expect(following(report)).toEqual([
    ['WR-MEMORY-PROMOTION', [replica, master]],
    ['WR-MEMORY-FULL', [replica]],
  ]);
  await empty();
});

test('nodes that may use more memory than their host has', async () => {
  for (const node of ['redis3:18602', 'redis3:18605'])
    await scene.redis(node, 'CONFIG', 'SET', 'maxmemory', '9000gb');
  const report = await see(['WR-CONFIG-LIVE']);
  expect(following(report)).toEqual([['WR-MEMORY-OVERCOMMIT', ['redis3:18602', 'redis3:18605']]]);
});

test('keys that were evicted before their time', async () => {
  await scene.edit(({ config }) =>
    Object.assign(config, { maxmemory: '64mb', 'maxmemory-policy': 'volatile-ttl' }),
  );
  await provision();
  await fill(megabytes(70), 10_000);
  expect(Number(await scene.info(master, 'evicted_keys'))).toBeGreaterThan(0);
  await see(['WR-MEMORY-FULL', 'WR-EVICTIONS'], {
    byHand: () => scene.edit(({ config }) => (config['maxmemory'] = '128mb')),
  });
  expect(await scene.info(master, 'evicted_keys')).toBe('0');
  await empty();
});

test('a version that the inventory does not allow', async () => {
  await scene.edit((document) => (document.version = '>=99'));
  await see(['WR-VERSION-RANGE'], {
    before: { line: / plan$/, says: /wanted: >=99/ },
    byHand: () => scene.edit((document) => delete document.version),
  });
});

test('memory that is lost between what was kept', async () => {
  const [owner, copy] = await byRole(scene, master, replica);
  await scene.edit(({ config }) => (config['maxmemory'] = '1gb'));
  await provision();
  // Eight values of this length share a run of pages (jemalloc's class 3584): each run keeps one.
  const each =
    "for i = ARGV[1], ARGV[2] do if i % 8 ~= tonumber(ARGV[3]) then redis.call(ARGV[4], '{b}' .. i, unpack(ARGV, 5)) end end";
  const onAll = async (...words: readonly (string | number)[]): Promise<void> => {
    for (let first = 0; first < 120_000; first += 1000)
      await scene.redis(owner, 'EVAL', each, 1, '{b}', first, first + 999, ...words);
  };
  await onAll(-1, 'SET', 'x'.repeat(3500));
  await onAll(0, 'DEL');
  await untilInfo(scene, copy, { db0: await scene.info(owner, 'db0') });
  for (const node of [owner, copy]) {
    await scene.redis(node, 'SLOWLOG', 'RESET');
    await scene.redis(node, 'LATENCY', 'RESET');
  }
  // What was written meanwhile is a rate for some seconds, and a small backlog against it.
  await until(async () =>
    expect(Number(await scene.info(owner, 'instantaneous_output_repl_kbps'))).toBeLessThan(100),
  );
  const { findings } = await see(['WR-MEMORY-FRAGMENTED']);
  expect(findings[0]?.nodes).toContain(owner);
  await scene.redis(owner, 'FLUSHALL');
});
