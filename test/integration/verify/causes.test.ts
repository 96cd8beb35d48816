import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../../support/until.ts';
import { createScene, ids, password, type Scene, seeAndFixScene, untilInfo } from './scene.ts';

/** Faults that show in ten aspects: each is one finding, and its commands end all of them. */
let scene: Scene;

beforeAll(async () => {
  scene = await createScene({ redis1: [17_720, 17_723], redis2: [17_721, 17_724], redis3: [17_722, 17_725] });
});

afterAll(() => scene?.close());

const masters = ['redis1:17720', 'redis2:17721', 'redis3:17722'] as const;
const all = [...masters, 'redis1:17723', 'redis2:17724', 'redis3:17725'] as const;
const data = (port: number): string => join(scene.cli.state, 'weedgo-redis/scene', String(port), 'data');

async function expectHealthy(): Promise<void> {
  const report = await scene.verify();
  expect(ids(report), JSON.stringify(report.findings, null, 2)).toEqual([]);
  expect(report.verdict).toBe('healthy');
}

test('every node was reset: a cluster that serves nothing is not healthy', async () => {
  for (const node of all) await scene.redis(node, 'CLUSTER', 'RESET', 'HARD');
  const tested = await scene.verify({ writeTest: true, settleMs: 0 });
  expect(tested.findings).toContainEqual(
    expect.objectContaining({ id: 'WR-WRITE-FAILED', explainedBy: expect.anything() }),
  );
  const report = await seeAndFixScene(scene, ['WR-CLUSTER-NOT-FORMED']);
  expect(report.findings[0]).toMatchObject({
    severity: 'critical',
    title: expect.stringContaining('no slot'),
  });
  await expectHealthy();
});

test("a master's folder copied to its replica: one id at two nodes", async () => {
  for (let key = 0; key < 300; key += 1) await write(`key${key}`);
  const stopped = await scene.pid('redis2:17724');
  process.kill(stopped, 'SIGKILL');
  await scene.redis(masters[0], 'BGREWRITEAOF');
  // Its files come and go until then.
  await untilInfo(scene, masters[0], { aof_rewrite_in_progress: '0', aof_rewrite_scheduled: '0' });
  await rm(data(17_724), { recursive: true });
  await cp(data(17_720), data(17_724), { recursive: true, preserveTimestamps: true });
  await scene.cli.shell(`chown -R --reference=${data(17_720)} ${data(17_724)}`);
  await scene.cli.shell(
    `setsid redis-server ${join(data(17_724), '../redis.conf')} </dev/null >/dev/null 2>&1 &`,
  );
  const id = await scene.redis(masters[0], 'CLUSTER', 'MYID');
  await until(async () => expect(await scene.redis('redis2:17724', 'CLUSTER', 'MYID')).toBe(id));
  const refused = await scene.cli.run('provision');
  expect(refused).toMatchObject({ code: 4, stderr: expect.stringContaining('run under one node id') });
  const report = await seeAndFixScene(scene, ['WR-NODE-ID-TWICE']);
  expect(report.findings[0]).toMatchObject({
    title: 'redis1:17720 and redis2:17724 run under one node id',
    remedy: [
      expect.stringContaining('CLUSTER FORGET'),
      expect.stringContaining(`${data(17_724)}.copy-of-`),
      expect.stringMatching(/ provision$/),
    ],
  });
  await expectHealthy();
  for (let key = 0; key < 300; key += 1) expect(await read(`key${key}`)).toBe('value');
});

test('a replica that was made a master of nothing', async () => {
  await scene.redis('redis3:17725', 'CLUSTER', 'RESET', 'SOFT');
  await scene.redis(masters[0], 'CLUSTER', 'MEET', '127.0.77.3', 17_725);
  await until(async () => {
    for (const node of all)
      expect(await scene.redis(node, 'CLUSTER', 'NODES')).toMatch(
        /:17725@\S+ (myself,)?master - .* connected\n?/,
      );
  });
  await seeAndFixScene(scene, ['WR-MASTER-EMPTY']);
  await expectHealthy();
});

test('a slot whose taking master failed over in the middle: no command that loses keys is printed', async () => {
  const [from, to, heir] = [masters[0], masters[1], 'redis3:17725'] as const;
  const known = {
    from: await scene.redis(from, 'CLUSTER', 'MYID'),
    to: await scene.redis(to, 'CLUSTER', 'MYID'),
  };
  // All keys are of slot 866, by their tag.
  const keys = ['{hello}1', '{hello}2', '{hello}3', '{hello}4'];
  for (const key of keys) await scene.redis(from, 'SET', key, 'value');
  await scene.redis(to, 'CLUSTER', 'SETSLOT', 866, 'IMPORTING', known.from);
  await scene.redis(from, 'CLUSTER', 'SETSLOT', 866, 'MIGRATING', known.to);
  const move = (key: string, port: number, address: string): Promise<string> =>
    scene.redis(from, 'MIGRATE', address, port, key, 0, 5000, 'AUTH', password);
  for (const key of keys.slice(0, 2)) await move(key, 17_721, '127.0.77.2');
  await untilInfo(scene, heir, { master_link_status: 'up' });
  await scene.redis(heir, 'CLUSTER', 'FAILOVER');
  await untilInfo(scene, to, { role: 'slave', master_link_status: 'up' });
  const { findings } = await scene.verify();
  const open = findings.find(({ id }) => id === 'WR-SLOTS-OPEN');
  expect(open).toMatchObject({
    severity: 'critical',
    seen: expect.stringContaining(`2 of its keys are on ${heir}`),
  });
  expect(open?.remedy).toEqual([
    expect.stringMatching(/^# decide /),
    expect.stringMatching(/^# until then /),
  ]);
  // What a person decides who sees that nothing was written twice: the move is finished at the heir.
  const heirId = await scene.redis(heir, 'CLUSTER', 'MYID');
  await scene.redis(heir, 'CLUSTER', 'SETSLOT', 866, 'IMPORTING', known.from);
  await scene.redis(from, 'CLUSTER', 'SETSLOT', 866, 'MIGRATING', heirId);
  for (const key of keys.slice(2)) await move(key, 17_725, '127.0.77.3');
  for (const node of [heir, from]) await scene.redis(node, 'CLUSTER', 'SETSLOT', 866, 'NODE', heirId);
  for (const key of keys) expect(await scene.redis(heir, 'GET', key)).toBe('value');
  await scene.redis(to, 'CLUSTER', 'FAILOVER');
  await untilInfo(scene, heir, { role: 'slave', master_link_status: 'up' });
  await expectHealthy();
});

test('a host more than the cluster has: refused before anything is touched, and nothing is left of it', async () => {
  const document = JSON.parse(
    await scene.cli.shell(`cat ${scene.cli.inventory}`).then(({ stdout }) => stdout),
  );
  const grown = {
    ...document,
    hosts: [
      ...document.hosts.slice(0, 1),
      { name: 'redis4', address: '127.0.77.4', ports: [17_726, 17_727] },
      ...document.hosts.slice(1),
    ],
  };
  await scene.cli.setInventory(grown);
  for (const command of ['provision', 'plan']) {
    const { stdout, stderr } = await scene.cli.run(command);
    expect(stdout + stderr).toContain('the cluster has 3 shards and the inventory 4 shards');
    expect(stdout + stderr).toContain('Take redis4:17726 and redis4:17727 out of the inventory');
  }
  expect((await scene.cli.run('provision')).code).toBe(4);
  expect((await scene.cli.shell(`ls ${data(17_726)}`)).code).not.toBe(0);
  const { stdout } = await scene.cli.run('verify', '--json');
  const report = JSON.parse(stdout);
  expect(ids(report)).toEqual(['WR-SHARDS-DIFFER']);
  await scene.cli.setInventory(document);
  await expectHealthy();
});

const owner = async (key: string): Promise<string> => {
  const slot = Number(await scene.redis(masters[0], 'CLUSTER', 'KEYSLOT', key));
  return masters[slot < 5461 ? 0 : slot < 10_923 ? 1 : 2];
};
const write = async (key: string): Promise<string> => scene.redis(await owner(key), 'SET', key, 'value');
const read = async (key: string): Promise<string> => scene.redis(await owner(key), 'GET', key);
