import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keySlot } from '../../../src/cluster/slots.ts';
import { until } from '../../support/until.ts';
import { createScene, type Scene, seeAndFixScene } from './scene.ts';

/** Both copies of a shard are gone: the way out that is printed, and everything that blocks it. */
let scene: Scene;

beforeAll(async () => {
  scene = await createScene({ redis1: [19_000, 19_003], redis2: [19_001, 19_004], redis3: [19_002, 19_005] });
});

afterAll(() => scene?.close());

const masters = ['redis1:19000', 'redis2:19001', 'redis3:19002'] as const;
const [lostMaster, ...others] = masters;
const lostReplica = 'redis2:19004';
const data = (port: number): string => join(scene.cli.state, 'weedgo-redis/scene', String(port), 'data');
const again = ['provision', '--lost-shard', '1', '--confirm', 'shard-1'] as const;
/** The operator's part: the loss is theirs to confirm. */
const agree = (): Promise<unknown> => scene.cli.run(...again);
const keys = Array.from({ length: 300 }, (_, index) => `key${index}`);

const shardOf = (key: string): number => {
  const slot = keySlot(key);
  return slot < 5461 ? 0 : slot < 10_923 ? 1 : 2;
};

async function kill(node: string): Promise<void> {
  process.kill(await scene.pid(node), 'SIGKILL');
  await until(async () => expect(scene.pid(node)).rejects.toThrow());
}

async function expectRefused(args: readonly string[], why: string): Promise<void> {
  const { code, stderr } = await scene.cli.run(...args);
  expect(stderr).toContain(why);
  expect(code).toBe(4);
}

test('a shard that has data is not started without it', async () => {
  for (const key of keys) await scene.redis(masters[shardOf(key)] ?? '', 'SET', key, 'value');
  await expectRefused(again, 'is not lost');
  await kill(lostReplica);
  await kill(lostMaster);
  await until(async () =>
    expect(await scene.redis(others[0], 'CLUSTER', 'NODES')).toMatch(/:19000@\S+ master,fail /),
  );
  await expectRefused(again, `${data(19_000)} holds data`);
  await rm(data(19_000), { recursive: true });
  await expectRefused(again, `${data(19_004)} holds data`);
  // What cannot be told to be empty may have the keys.
  await rename(data(19_004), `${data(19_004)}.kept`);
  await mkdir(data(19_004));
  await writeFile(join(data(19_004), 'temp-1.rdb'), 'x');
  await expectRefused(again, 'holds temp-1.rdb');
  await rm(data(19_004), { recursive: true });
});

test('the name of the shard has to be typed, and is the only thing that is asked', async () => {
  await expectRefused(['provision'], '.yaml provision --lost-shard 1');
  const { stdout } = await scene.cli.run('verify', '--json');
  expect(stdout).toContain(`${data(19_004)}.kept may have what was there`);
  await expectRefused(
    ['--yes', 'provision', '--lost-shard', '1'],
    'the keys of shard 1 (slots 0-5460) are lost',
  );
  await expectRefused([...again.slice(0, -1), 'shard-2'], '"shard-2" is not shard-1');
  expect((await scene.cli.run('provision', '--lost-shard', '4')).code).toBe(2);
});

test('what is printed starts it without its keys, and every other key is there', async () => {
  const report = await seeAndFixScene(scene, ['WR-SHARD-LOST'], { byHand: agree });
  expect(JSON.stringify(report.findings.map(({ remedy }) => remedy))).not.toMatch(/FORGET|ADDSLOTS/);
  const { stdout } = await scene.cli.run('status', '--json');
  expect(JSON.parse(stdout)).toMatchObject({ ok: true });
  const nodes = await scene.redis(others[0], 'CLUSTER', 'NODES');
  const master = /^(\w+) \S+:19000@\S+ master .* connected 0-5460$/m.exec(nodes)?.[1];
  expect(master).toBeDefined();
  expect(nodes).toMatch(new RegExp(`:19004@\\S+ slave ${master}`));
  for (const key of keys) {
    const found = await scene.redis(masters[shardOf(key)] ?? '', 'EXISTS', key);
    expect([key, found]).toEqual([key, shardOf(key) === 0 ? '0' : '1']);
  }
  expect((await scene.cli.run('provision')).stdout).toContain('Nothing to do');
  await expectRefused(again, 'is not lost');
});

test('an interrupted start of the shard is finished by the same command', async () => {
  await kill(lostReplica);
  await kill(lostMaster);
  await rm(data(19_000), { recursive: true });
  await rm(data(19_004), { recursive: true });
  // As an interruption leaves it: a node runs under a new id, and some have forgotten the former one.
  const former = /^(\w+) \S+:19000@/m.exec(await scene.redis(others[0], 'CLUSTER', 'NODES'))?.[1] ?? '';
  await mkdir(data(19_000), { mode: 0o700 });
  await scene.cli.shell(
    `setsid redis-server ${join(data(19_000), '../redis.conf')} </dev/null >/dev/null 2>&1 &`,
  );
  await until(async () => expect(await scene.redis(lostMaster, 'PING')).toBe('PONG'));
  await scene.redis(others[0], 'CLUSTER', 'FORGET', former);
  await seeAndFixScene(scene, ['WR-SHARD-LOST'], { byHand: agree });
  expect(await scene.redis(lostMaster, 'CLUSTER', 'NODES')).not.toContain('fail');
});
