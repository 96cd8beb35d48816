import { afterAll, beforeAll, expect, test } from 'vitest';
import { createScene, type Scene, seeAndFixScene, untilInfo } from './scene.ts';

/** Masters whose process is there and does not do its work. */
let scene: Scene;

beforeAll(async () => {
  scene = await createScene({ redis1: [17_770, 17_773], redis2: [17_771, 17_774], redis3: [17_772, 17_775] });
});

afterAll(() => scene?.close());

test('writes that somebody paused and forgot', async () => {
  await scene.redis('redis1:17770', 'CLIENT', 'PAUSE', 600_000, 'WRITE');
  const { findings } = await seeAndFixScene(scene, ['WR-WRITES-PAUSED']);
  expect(findings[0]).toMatchObject({
    severity: 'critical',
    title: 'redis1:17770 holds back every write',
    nodes: ['redis1:17770'],
  });
  const { verdict } = await scene.verify({ writeTest: true, settleMs: 0 });
  expect(verdict).toBe('healthy');
});

test('a master that answers the bus and nobody else: a replica takes over as printed', async () => {
  await untilInfo(scene, 'redis2:17774', { master_link_status: 'up' });
  await scene.redis('redis1:17770', 'CLIENT', 'PAUSE', 600_000, 'ALL');
  const { findings } = await seeAndFixScene(scene, ['WR-NODE-SILENT'], [['WR-HOST-LOSS']]);
  expect(findings[0]?.remedy).toEqual([
    expect.stringMatching(/^# its process is alive/),
    expect.stringMatching(/ failover redis2:17774 --force --confirm shard-1$/),
  ]);
});
