import { mkdir, open, readdir, readFile, rename, truncate, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { until } from '../../support/until.ts';
import { createScene, ids, type Scene, seeAndFixScene, untilInfo } from './scene.ts';

let scene: Scene;

/** A key in each shard by its tag, so that there is something to lose. */
const tags = [
  ['redis1:17800', 'b'],
  ['redis2:17801', 'c'],
  ['redis3:17802', 'a'],
] as const;

async function build(): Promise<void> {
  scene = await createScene({ redis1: [17_800, 17_803], redis2: [17_801, 17_804], redis3: [17_802, 17_805] });
  for (const [node, tag] of tags) await append(node, tag);
}

beforeAll(build);

afterAll(() => scene?.close());

// Each accident starts from a healthy cluster in which every key is still there.
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') {
    await scene.close();
    await build();
    return;
  }
  expect(ids(await scene.verify())).toEqual([]);
  await until(async () => {
    for (const { id } of scene.inventory.nodes) expect(await scene.redis(id, 'DBSIZE'), id).toBe('50');
  });
});

const data = (port: number, ...path: readonly string[]): string =>
  join(scene.cli.state, 'weedgo-redis/scene', String(port), 'data', ...path);

async function kill(node: string): Promise<void> {
  process.kill(await scene.pid(node), 'SIGKILL');
  await until(() => expect(scene.redis(node, 'PING')).rejects.toThrow());
}

/** The last append-only file that is appended to. */
async function incremental(port: number): Promise<string> {
  const names = (await readdir(data(port, 'appendonlydir'))).filter((name) => name.endsWith('.incr.aof'));
  return data(port, 'appendonlydir', names.toSorted().at(-1) ?? '');
}

/** Commands that the node appends, so that there is something to damage. */
async function append(master: string, key: string): Promise<void> {
  for (let index = 0; index < 50; index += 1) await scene.redis(master, 'SET', `{${key}}${index}`, 'again');
}

test('a replica whose append-only file ends in zeros after a power loss', async () => {
  await append('redis1:17800', 'b');
  await kill('redis2:17804');
  const file = await open(await incremental(17_804), 'a');
  await file.write(Buffer.alloc(4096));
  await file.close();
  const { findings } = await seeAndFixScene(scene, ['WR-NODE-DOWN']);
  expect(findings[0]?.seen).toContain('the last 4.0 KB are zeros');
  expect(findings[0]?.remedy).toEqual([expect.stringMatching(/ resync redis2:17804$/)]);
  const left = await readdir(data(17_804));
  expect(left.filter((name) => name.startsWith('aside-'))).toHaveLength(1);
});

test('a replica whose append-only file was cut off in a command starts by itself', async () => {
  await append('redis1:17800', 'b');
  await kill('redis2:17804');
  const path = await incremental(17_804);
  await truncate(path, (await readFile(path)).length - 5);
  const { findings } = await seeAndFixScene(scene, ['WR-NODE-DOWN']);
  expect(findings[0]?.remedy).toEqual([expect.stringMatching(/ start$/)]);
});

test('a master whose append-only file is damaged in the middle: its replica takes over first', async () => {
  await append('redis1:17800', 'b');
  await kill('redis1:17800');
  const path = await incremental(17_800);
  const bytes = await readFile(path);
  bytes.fill(0x7a, bytes.length >> 1, (bytes.length >> 1) + 40);
  await writeFile(path, bytes);
  const { findings } = await seeAndFixScene(scene, ['WR-NODE-DOWN'], [['WR-HOST-LOSS']]);
  expect(findings[0]?.remedy).toEqual([
    expect.stringMatching(/ failover --to redis2:17804 --force$/),
    expect.stringMatching(/ resync redis1:17800$/),
  ]);
});

test.each([
  ['cut off in its last line', (content: string) => content.slice(0, -20)],
  ['empty', () => ''],
])('a replica whose nodes.conf is %s', async (_, damage) => {
  await kill('redis2:17804');
  const path = data(17_804, 'nodes.conf');
  await writeFile(path, damage(await readFile(path, 'utf8')));
  const { findings } = await seeAndFixScene(scene, ['WR-NODE-DOWN']);
  expect(findings[0]?.seen).toContain('nodes.conf is');
  expect(findings[0]?.remedy).toEqual([
    expect.stringMatching(/ resync redis2:17804$/),
    expect.stringMatching(/ provision$/),
  ]);
});

test('a folder in the place of a log', async () => {
  const log = join(scene.cli.state, 'weedgo-redis/scene/17804/redis.log');
  await kill('redis2:17804');
  await rename(log, `${log}.before`);
  await mkdir(log);
  const { findings } = await seeAndFixScene(scene, ['WR-NODE-DOWN']);
  expect(findings[0]?.seen).toContain(`${log} is a folder`);
});

test('a damaged node and two that merely do not run: each on its own way, and then all', async () => {
  await append('redis1:17800', 'b');
  for (const node of ['redis1:17803', 'redis2:17804', 'redis3:17805']) await kill(node);
  const file = await open(await incremental(17_804), 'a');
  await file.write(Buffer.alloc(4096));
  await file.close();
  const { findings } = await seeAndFixScene(scene, ['WR-NODE-DOWN', 'WR-NODE-DOWN']);
  expect(findings.flatMap(({ remedy }) => remedy)).toEqual([
    expect.stringMatching(/ resync redis2:17804$/),
    expect.stringMatching(/ start$/),
  ]);
});

test('two damaged nodes: the commands that start all of them come last', async () => {
  await append('redis1:17800', 'b');
  await append('redis2:17801', 'c');
  for (const node of ['redis2:17804', 'redis3:17805']) await kill(node);
  await writeFile(data(17_804, 'nodes.conf'), '');
  const file = await open(await incremental(17_805), 'a');
  await file.write(Buffer.alloc(4096));
  await file.close();
  const { findings } = await seeAndFixScene(scene, ['WR-NODE-DOWN', 'WR-NODE-DOWN']);
  expect(findings.flatMap(({ remedy }) => remedy)).toEqual([
    expect.stringMatching(/ resync redis3:17805$/),
    expect.stringMatching(/ resync redis2:17804$/),
    expect.stringMatching(/ provision$/),
  ]);
});

test('a bus port that an outgoing connection has taken', async () => {
  await kill('redis2:17804');
  // Other nodes, or a child that saves, may hold connections with that port for a moment.
  const taker = await until(
    () =>
      new Promise<Socket>((resolve, reject) => {
        const socket = connect({
          host: '127.0.77.1',
          port: 17_800,
          localAddress: '127.0.77.2',
          localPort: 27_804,
        });
        socket.once('connect', () => resolve(socket));
        socket.once('error', reject);
      }),
  );
  const { findings } = await seeAndFixScene(scene, ['WR-NODE-DOWN'], {
    byHand: async () => {
      taker.resetAndDestroy();
    },
  });
  expect(findings[0]?.seen).toContain(`its bus port 27804 is taken`);
  expect(findings[0]?.seen).toContain(`has a connection to 127.0.77.1:17800`);
});

test('the command that fails to start a node says why, and the way out', async () => {
  await kill('redis2:17804');
  const path = data(17_804, 'nodes.conf');
  const content = await readFile(path, 'utf8');
  await writeFile(path, content.slice(0, -20));
  const started = await scene.cli.run('start');
  expect(started.code).toBe(1);
  expect(started.stderr).toContain('nodes.conf is damaged');
  expect(started.stderr).toMatch(/weedgo-redis -i \S+ resync redis2:17804/);
  await writeFile(path, content);
  expect((await scene.cli.run('start')).code).toBe(0);
});

test('resync is refused where no other node is known to have the data', async () => {
  const running = await scene.cli.run('resync', 'redis2:17804');
  expect(running).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('Nothing to do: redis2:17804 is in sync with redis1:17800'),
  });
  await scene.redis('redis2:17804', 'CONFIG', 'SET', 'cluster-replica-no-failover', 'yes');
  await kill('redis1:17800');
  const master = await scene.cli.run('resync', 'redis1:17800');
  expect(master).toMatchObject({ code: 4, stderr: expect.stringContaining('is the master of 5461 slots') });
  await scene.redis('redis2:17804', 'CONFIG', 'SET', 'cluster-replica-no-failover', 'no');
  await untilInfo(scene, 'redis2:17804', { role: 'master' });
  expect((await scene.cli.run('start')).code).toBe(0);
  expect((await scene.cli.run('balance-masters')).code).toBe(0);
});
