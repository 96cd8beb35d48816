import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stopNodes } from '../../../src/operations/lifecycle/stop.ts';
import type { Report } from '../../../src/report/schema.ts';
import { seeAndFix } from '../../support/operator.ts';
import { until } from '../../support/until.ts';
import { byRole, createScene, type Scene, seeAndFixScene, shareScene } from './scene.ts';

/** Several faults at once: what is printed leads out, in the printed order. */
let scene: Scene;

shareScene(
  () => createScene({ redis1: [19_100, 19_103], redis2: [19_101, 19_104], redis3: [19_102, 19_105] }),
  (made) => (scene = made),
);

const shards = [
  ['redis1:19100', 'redis2:19104'],
  ['redis2:19101', 'redis3:19105'],
  ['redis3:19102', 'redis1:19103'],
] as const;
const portOf = (node: string): number => Number(node.split(':')[1]);
const data = (node: string): string => join(folder(portOf(node)), 'data');
const folder = (port: number): string => join(scene.cli.state, 'weedgo-redis/scene', String(port));

async function kill(node: string): Promise<void> {
  process.kill(await scene.pid(node), 'SIGKILL');
  await until(async () => expect(scene.pid(node)).rejects.toThrow());
}

const asNode = (id: string, lines: string): string =>
  `${lines
    .trim()
    .replace('myself,', '')
    .split('\n')
    .map((line) => (line.startsWith(id) ? line.replace(' master', ' myself,master') : line))
    .join('\n')}\nvars currentEpoch 100 lastVoteEpoch 0\n`;

test('two of three masters on hosts that were made anew', async () => {
  for (const port of [19_101, 19_102]) {
    await kill(`redis${port - 19_099}:${port}`);
    await rm(folder(port), { recursive: true });
  }
  await until(async () =>
    expect(await scene.redis('redis1:19100', 'CLUSTER', 'INFO')).toContain('cluster_state:fail'),
  );
  await seeAndFixScene(scene, ['WR-NODE-DOWN'], { later: [['WR-HOST-LOSS']] });
});

test('nodes.conf that is lost while another node is down', async () => {
  const [, replica] = await byRole(scene, ...shards[0]);
  await kill(replica);
  await rename(join(data(replica), 'nodes.conf'), join(data(replica), '../nodes.conf.lost'));
  const [, other] = await byRole(scene, ...shards[2]);
  await kill(other);
  await seeAndFixScene(scene, ['WR-NODE-DOWN', 'WR-NODE-DOWN']);
});

test('nodes.conf that is lost with the only copy of its shard', async () => {
  const [master, replica] = await byRole(scene, ...shards[0]);
  await scene.redis(master, 'SET', 'b', 'kept');
  const lines = await scene.redis('redis3:19105', 'CLUSTER', 'NODES');
  const id = await scene.redis(master, 'CLUSTER', 'MYID');
  await kill(replica);
  await kill(master);
  await rename(join(data(master), 'nodes.conf'), join(data(master), '../nodes.conf.lost'));
  await rm(data(replica), { recursive: true });
  const { code, stderr } = await scene.cli.run('start');
  expect(code).toBe(4);
  expect(stderr).toContain(`there is data in ${data(master)}, and no nodes.conf`);
  // What is printed for a person: the lines of a node that answers, with `myself` where it belongs.
  const byHand = (): Promise<unknown> => writeFile(join(data(master), 'nodes.conf'), asNode(id, lines));
  await seeAndFixScene(scene, ['WR-NODE-DOWN', 'WR-NODE-DOWN'], { byHand });
  expect(await scene.redis(master, 'GETDEL', 'b')).toBe('kept');
});

test('keys that are written while stop waits for its answer', async () => {
  const [master] = await byRole(scene, ...shards[0]);
  const keep = (appendonly: string, save: string): Promise<string> =>
    scene.redis(master, 'CONFIG', 'SET', 'appendonly', appendonly, 'save', save);
  await keep('no', '');
  const session = await scene.open();
  const agree = async (): Promise<void> => void (await scene.redis(master, 'SET', 'b', 'late'));
  await expect(stopNodes(session, { command: 'stop', agree })).rejects.toThrow(`${master} may lose keys now`);
  await session.close();
  expect(await scene.redis(master, 'GET', 'b')).toBe('late');
  await keep('yes', '3600 1');
});

test('a replica that hears from others where its master is, and calls where it was', async () => {
  const [master, replica] = await byRole(scene, ...shards[0]);
  const others = shards.flat().filter((node) => node !== replica);
  for (const node of others) await scene.redis(node, 'CONFIG', 'SET', 'cluster-node-timeout', 60_000);
  const pid = await scene.pid(master);
  await kill(replica);
  const file = join(data(replica), 'nodes.conf');
  const known = await readFile(file, 'utf8');
  await writeFile(
    file,
    known.replace(new RegExp(`\\S+:${portOf(master)}@`), `127.0.77.99:${portOf(master)}@`),
  );
  // A master that says nothing itself: else the replica follows its own first ping.
  process.kill(pid, 'SIGSTOP');
  await scene.cli.shell(
    `(setsid redis-server ${folder(portOf(replica))}/redis.conf) </dev/null >/dev/null 2>&1 &`,
  );
  try {
    await until(async () => expect(await scene.info(replica, 'master_host')).toBe('127.0.77.99'));
    const line = new RegExp(` 127\\.0\\.77\\.\\d:${portOf(master)}@`);
    await until(async () => expect(await scene.redis(replica, 'CLUSTER', 'NODES')).toMatch(line));
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  const { code, stdout, stderr } = await scene.cli.run('provision');
  expect(code, stdout + stderr).toBe(0);
  expect(stdout + stderr).toContain(`${replica} called 127.0.77.99:${portOf(master)} for its master`);
  for (const node of others) await scene.redis(node, 'CONFIG', 'SET', 'cluster-node-timeout', 2000);
  await seeAndFixScene(scene, []);
});

// The last: the nodes are elsewhere afterwards.
test('all hosts come back with other addresses', async () => {
  await scene.redis((await byRole(scene, ...shards[0]))[0], 'SET', 'b', 'kept');
  expect((await scene.cli.run('--yes', 'stop')).code).toBe(0);
  await scene.edit(({ hosts }) => {
    for (const host of hosts) host['address'] = String(host['address']).replace('127.0.77', '127.0.78');
  });
  const verify = async (): Promise<Report> => JSON.parse((await scene.cli.run('--json', 'verify')).stdout);
  const files = Array.from({ length: 6 }, () => 'WR-CONFIG-FILE');
  await seeAndFix({ cli: scene.cli, verify }, ['WR-NODE-DOWN', ...files]);
});
