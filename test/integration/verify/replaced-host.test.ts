import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Report } from '../../../src/report/schema.ts';
import { seeAndFix } from '../../support/operator.ts';
import { until } from '../../support/until.ts';
import { createScene, type Scene } from './scene.ts';

/** A drained host gets a new disk, or another machine takes its place: what is printed lets it join again. */
let scene: Scene;

beforeAll(async () => {
  scene = await createScene({ redis1: [19_010, 19_013], redis2: [19_011, 19_014], redis3: [19_012, 19_015] });
});

afterAll(() => scene?.close());

const ports = [19_011, 19_014] as const;
const staying = 'redis1:19010';

async function verify(): Promise<Report> {
  return JSON.parse((await scene.cli.run('verify', '--json')).stdout) as Report;
}

const follow = (expected: readonly string[], later: readonly (readonly string[])[]): Promise<Report> =>
  seeAndFix({ cli: scene.cli, verify }, expected, { later });

/** Drained, switched off, and nothing on its disk. */
async function loseHost(address: string): Promise<void> {
  const drained = await scene.cli.run('--yes', 'drain', 'redis2');
  expect(drained.code, drained.stderr).toBe(0);
  await scene.cli.shell(
    `kill -9 $(cat ${ports.map((port) => join(scene.cli.state, `weedgo-redis/scene/${port}/*.pid`)).join(' ')})`,
  );
  for (const port of ports)
    await rm(join(scene.cli.state, `weedgo-redis/scene/${port}`), { recursive: true });
  const failed = new RegExp(`${address}:\\d+@\\S+ slave,fail\\b`, 'g');
  await until(async () =>
    expect((await scene.redis(staying, 'CLUSTER', 'NODES')).match(failed)).toHaveLength(2),
  );
}

test('a new disk at the same address', async () => {
  await loseHost('127.0.77.2');
  await follow(['WR-NODE-DOWN', 'WR-HOST-DRAINED'], []);
});

test('another machine at a new address', async () => {
  await loseHost('127.0.77.2');
  const document = JSON.parse((await scene.cli.shell(`cat ${scene.cli.inventory}`)).stdout);
  const hosts = document.hosts.map((host: { readonly name: string }) =>
    host.name === 'redis2' ? { ...host, address: '127.0.77.12' } : host,
  );
  await scene.cli.setInventory({ ...document, hosts });
  await follow(['WR-NODE-DOWN', 'WR-HOST-DRAINED'], []);
});
