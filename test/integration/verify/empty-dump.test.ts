import { truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../../support/until.ts';
import { createScene, type Scene, seeAndFixScene } from './scene.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await createScene(
    { redis1: [17_840, 17_843], redis2: [17_841, 17_844], redis3: [17_842, 17_845] },
    { appendonly: 'no' },
  );
  for (let key = 0; key < 50; key += 1) await scene.redis('redis1:17840', 'SET', `{b}${key}`, 'value');
});

afterAll(() => scene?.close());

/** As a full disk or a power loss leaves it: the file is there, and nothing is in it. */
async function empty(node: string): Promise<void> {
  await scene.redis(node, 'SAVE');
  process.kill(await scene.pid(node), 'SIGKILL');
  await until(() => expect(scene.redis(node, 'PING')).rejects.toThrow());
  const port = node.split(':').at(-1) ?? '';
  await truncate(join(scene.cli.state, 'weedgo-redis/scene', port, 'data/dump.rdb'), 0);
}

test('a replica whose dump.rdb is empty', async () => {
  await empty('redis2:17844');
  const { findings } = await seeAndFixScene(scene, ['WR-NODE-DOWN']);
  expect(findings[0]?.seen).toContain('dump.rdb is empty');
  expect(findings[0]?.remedy).toEqual([expect.stringMatching(/ resync redis2:17844$/)]);
  expect(await scene.redis('redis2:17844', 'DBSIZE')).toBe('50');
});

test('a master whose dump.rdb is empty: its replica takes over first', async () => {
  await empty('redis1:17840');
  const { findings } = await seeAndFixScene(scene, ['WR-NODE-DOWN'], [['WR-HOST-LOSS']]);
  expect(findings[0]?.seen).toContain('dump.rdb is empty');
  expect(findings[0]?.remedy.at(-1)).toMatch(/ resync redis1:17840$/);
  expect(await scene.redis('redis1:17840', 'DBSIZE')).toBe('50');
});
