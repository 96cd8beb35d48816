import { execFileSync } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { seeAndFix } from '../../support/operator.ts';
import { until } from '../../support/until.ts';
import { createScene, ids, type Scene, seeAndFixScene, untilInfo, shareScene } from './scene.ts';

/** Nodes that save or replicate badly, or are slow; their remedies are pasted. */
let scene: Scene;

shareScene(
  () =>
    createScene(
      { redis1: [18_610, 18_613], redis2: [18_611, 18_614], redis3: [18_612, 18_615] },
      { 'repl-backlog-size': '1mb' },
    ),
  (made) => {
    scene = made;
  },
);

const master = 'redis1:18610';
const replica = 'redis2:18614';
const all = [master, replica, 'redis2:18611', 'redis3:18615', 'redis3:18612', 'redis1:18613'] as const;

/** The first look at once, since a later one would see that it has passed; `between` comes before the second. */
const seeAtOnce = async (
  expected: readonly string[],
  between: () => Promise<void> = async () => undefined,
): Promise<void> => {
  let looks = 0;
  const verify: Scene['verify'] = async () => {
    looks += 1;
    if (looks === 1) return scene.verify({ settleMs: 0 });
    await between();
    return scene.verify();
  };
  await seeAndFix({ cli: scene.cli, verify }, expected);
};

/** The replica, run again by this shell line that ends in `redis-server FILE`. */
async function startOtherwise(line: string): Promise<void> {
  const pid = await scene.pid(replica);
  process.kill(pid, 'SIGKILL');
  await until(async () => expect(() => process.kill(pid, 0)).toThrow('ESRCH'));
  const file = join(scene.cli.state, 'weedgo-redis/scene/18614/redis.conf');
  await scene.cli.shell(`(${line} redis-server ${file}) </dev/null >/dev/null 2>&1 &`);
  await untilInfo(scene, replica, { master_link_status: 'up', aof_rewrite_in_progress: '0' });
}

/** A megabyte: a slow machine writes enough, too, and a fast one less than the new backlog covers. */
const write = (): Promise<string> => scene.redis(master, 'SET', 'b', 'x'.repeat(1_000_000));

test('a backlog that covers little of what is written', async () => {
  const writing = new AbortController();
  const load = (async () => {
    // Since its start as well: some seconds ago.
    for (let burst = 0; burst < 60; burst += 1) await write();
    while (!writing.signal.aborted) {
      await write();
      await sleep(150);
    }
  })();
  try {
    await until(async () => expect(ids(await scene.verify())).toEqual(['WR-BACKLOG-SMALL']));
    await seeAndFixScene(scene, ['WR-BACKLOG-SMALL'], {
      byHand: () =>
        scene.edit(({ config }) =>
          Object.assign(config, { 'repl-backlog-size': '128mb', maxmemory: '512mb' }),
        ),
    });
  } finally {
    writing.abort();
    await load;
  }
});

test('a slow log that grows fast', async () => {
  const slow =
    "local function now() local t = redis.call('TIME') return t[1] * 1000000 + t[2] end local start = now() repeat until now() - start > 11000";
  for (let count = 0; count < 33; count += 1) await scene.redis(master, 'EVAL', slow, 0);
  await seeAndFixScene(scene, ['WR-SLOWLOG']);
});

test('a handshake with an address where nothing listens', async () => {
  await scene.redis(master, 'CLUSTER', 'MEET', '127.0.77.9', 18_619);
  await seeAtOnce(['WR-NODE-HANDSHAKE']);
});

test('a file that may not grow, under a replica', async () => {
  await startOtherwise("trap '' XFSZ; exec setsid");
  await scene.redis(master, 'SET', 'b', 'x'.repeat(200_000));
  const pid = await scene.pid(replica);
  // Below what the append-only file has, above what nodes.conf needs.
  await scene.cli.shell(`prlimit --pid ${pid} --fsize=100000:`);
  await scene.redis(master, 'SET', 'b', 'x');
  await untilInfo(scene, replica, { aof_last_write_status: 'err' });
  await seeAndFixScene(scene, ['WR-AOF-WRITE-FAILED'], {
    byHand: () => scene.cli.shell(`prlimit --pid ${pid} --fsize=unlimited:`),
  });
});

test('a fork that took long', async () => {
  const [library, mark] = ['slow-fork.so', 'slow'].map((name) => join(scene.cli.dir, name));
  const source = join(import.meta.dirname, 'slow-fork.c');
  execFileSync('cc', ['-shared', '-fPIC', `-DMARK="${mark}"`, '-o', library ?? '', source, '-ldl']);
  await startOtherwise(`export LD_PRELOAD=${library}; exec setsid`);
  await scene.cli.shell(`touch ${mark}`);
  await scene.redis(replica, 'BGSAVE');
  await untilInfo(scene, replica, { rdb_bgsave_in_progress: '0' });
  await rm(mark ?? '');
  await seeAndFixScene(scene, ['WR-FORK-SLOW']);
});

// The last: the inventory is another one afterwards.
test('a snapshot that is overdue, since a rewrite keeps it waiting', async () => {
  await scene.edit(({ config }) => (config['save'] = ['1 1']));
  expect(await scene.cli.run('provision')).toMatchObject({ code: 0 });
  for (const node of all) await scene.redis(node, 'CONFIG', 'SET', 'rdb-key-save-delay', 600_000_000);
  // Only keys keep the rewrite waiting.
  await scene.redis(master, 'SET', 'b', 'x');
  await scene.redis(master, 'WAIT', 1, 0);
  await scene.redis(replica, 'BGREWRITEAOF');
  await untilInfo(scene, replica, { aof_rewrite_in_progress: '1' });
  for (const node of all) await scene.redis(node, 'CONFIG', 'SET', 'rdb-key-save-delay', 0);
  await scene.redis(master, 'SET', 'b', 'y');
  await until(async () => expect(ids(await scene.verify({ settleMs: 0 }))).toContain('WR-RDB-OVERDUE'));
  await seeAtOnce(['WR-RDB-OVERDUE'], async () => {
    const pid = await scene.pid(replica);
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
    // The one signal that ends a child without counting as a failure (backgroundRewriteDoneHandler).
    process.kill(Number(children), 'SIGUSR1');
  });
});
