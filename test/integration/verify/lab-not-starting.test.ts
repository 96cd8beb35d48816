import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLab, type Lab, type LabHost } from '../../lab/lab.ts';
import { createLabScene, type LabScene, seeAndMend } from './lab-support.ts';

let lab: Lab;
let scene: LabScene;
const host = (name: string): LabHost => lab.host(name);

beforeAll(async () => {
  lab = await createLab({ hosts: ['redis1', 'redis2', 'redis3'], redis: 'installed' });
  scene = await createLabScene(lab);
});

afterAll(async () => {
  await scene?.cli.close();
  await lab?.close();
});

const unit = 'weedgo-redis@7004';
const folder = '/var/lib/weedgo-redis/redis@7004';

test('files of root after a look by hand', async () => {
  await host('redis2').run(
    `systemctl stop ${unit} && chown -R root:root ${folder}/nodes.conf ${folder}/appendonlydir`,
  );
  await host('redis2').exec(`systemctl start ${unit}`);
  const { findings } = await seeAndMend(scene, ['WR-NODE-DOWN']);
  expect(findings[0]?.seen).toContain('another user (uid 0)');
  expect(findings[0]?.remedy).toEqual([expect.stringMatching(/ provision$/)]);
  expect(await host('redis2').run(`find ${folder} ! -user redis`)).toBe('');
});
