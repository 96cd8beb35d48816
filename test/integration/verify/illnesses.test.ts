import { chmod, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { seeAndFix } from '../../support/operator.ts';
import { startNodes } from '../../support/redis.ts';
import { until } from '../../support/until.ts';
import { createScene, ids, type Scene, seeAndFixScene, untilInfo } from './scene.ts';

let scene: Scene;

const build = (): Promise<Scene> =>
  createScene({ redis1: [17_700, 17_703], redis2: [17_701, 17_704], redis3: [17_702, 17_705] });

beforeAll(async () => {
  scene = await build();
});

afterAll(() => scene?.close());

// Each illness starts from a healthy cluster, or its own finding would not be the only one.
afterEach(async () => {
  const report = await scene.verify();
  if (report.findings.length === 0) return;
  await scene.close();
  scene = await build();
  expect(ids(report), JSON.stringify(report.findings, null, 2)).toEqual([]);
});

const masters = ['redis1:17700', 'redis2:17701', 'redis3:17702'] as const;
const all = [...masters, 'redis1:17703', 'redis2:17704', 'redis3:17705'] as const;

const folder = (port: number): string => join(scene.cli.state, 'weedgo-redis/scene', String(port));

test('a killed master, after its replica has taken over', async () => {
  process.kill(await scene.pid('redis1:17700'), 'SIGKILL');
  await untilInfo(scene, 'redis2:17704', { role: 'master' });
  const report = await seeAndFixScene(scene, ['WR-NODE-DOWN'], [['WR-HOST-LOSS']]);
  expect(report.findings[0]).toMatchObject({ severity: 'critical', nodes: ['redis1:17700'] });
  expect(report.findings[0]?.seen).toContain('shard 1 (redis2:17704) is left without a replica');
});

test('a killed master that nobody may take over from', async () => {
  await scene.redis('redis2:17704', 'CONFIG', 'SET', 'cluster-replica-no-failover', 'yes');
  process.kill(await scene.pid('redis1:17700'), 'SIGKILL');
  await until(async () =>
    expect(await scene.redis('redis2:17701', 'CLUSTER', 'NODES')).toMatch(/17700@\S+ master,fail /),
  );
  const report = await seeAndFixScene(scene, ['WR-NODE-DOWN', 'WR-REPLICA-NO-FAILOVER'], [['WR-HOST-LOSS']]);
  expect(report.findings[0]).toMatchObject({
    remedy: [expect.stringContaining('failover --to redis2:17704 --force'), expect.stringMatching(/ start$/)],
    seen: expect.stringContaining('slots 0-5460 (shard 1) are not served'),
  });
});

test('a replica whose disk was replaced', async () => {
  process.kill(await scene.pid('redis2:17704'), 'SIGKILL');
  await until(async () =>
    expect(await scene.redis('redis1:17700', 'CLUSTER', 'NODES')).toMatch(/17704@\S+ slave,fail[, ]/),
  );
  await rm(join(folder(17_704), 'data'), { recursive: true });
  // Its log now says what the server did not find, and the way out stays the same.
  const started = await scene.cli.run('start');
  expect(started).toMatchObject({ code: 1, stderr: expect.stringContaining('CLUSTER FORGET') });
  const report = await seeAndFixScene(scene, ['WR-NODE-DOWN']);
  expect(report.findings[0]?.seen).toContain('its data folder is gone');
});

test('a stopped replica', async () => {
  process.kill(await scene.pid('redis2:17704'), 'SIGTERM');
  await until(async () =>
    expect(await scene.redis('redis1:17700', 'CLUSTER', 'NODES')).toMatch(/17704@\S+ slave,fail[, ]/),
  );
  const report = await seeAndFixScene(scene, ['WR-NODE-DOWN']);
  expect(report.findings[0]).toMatchObject({ nodes: ['redis2:17704'] });
});

test('a paused process', async () => {
  const pid = await scene.pid('redis3:17705');
  process.kill(pid, 'SIGSTOP');
  try {
    const report = await seeAndFixScene(scene, ['WR-NODE-SILENT']);
    expect(report.findings[0]).toMatchObject({ remedy: [`kill -CONT ${pid}`] });
  } finally {
    process.kill(pid, 'SIGCONT');
  }
});

test('a paused master whose replica has taken over', async () => {
  const pid = await scene.pid('redis1:17700');
  process.kill(pid, 'SIGSTOP');
  try {
    await untilInfo(scene, 'redis2:17704', { role: 'master' });
    await seeAndFixScene(scene, ['WR-NODE-SILENT'], [['WR-HOST-LOSS']]);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
});

test("replicas on their masters' hosts", async () => {
  const [first, , third] = await Promise.all(masters.map((node) => scene.redis(node, 'CLUSTER', 'MYID')));
  await scene.redis('redis1:17703', 'CLUSTER', 'REPLICATE', first ?? '');
  await scene.redis('redis2:17704', 'CLUSTER', 'REPLICATE', third ?? '');
  await untilInfo(scene, 'redis1:17703', { master_port: '17700', master_link_status: 'up' });
  await untilInfo(scene, 'redis2:17704', { master_port: '17702', master_link_status: 'up' });
  const report = await seeAndFixScene(scene, ['WR-REPLICA-SAME-HOST']);
  expect(report.findings[0]).toMatchObject({ nodes: ['redis1:17703', 'redis1:17700'], hosts: ['redis1'] });
});

test('a replica taken from a shard', async () => {
  await scene.redis(
    'redis2:17704',
    'CLUSTER',
    'REPLICATE',
    await scene.redis('redis3:17702', 'CLUSTER', 'MYID'),
  );
  await untilInfo(scene, 'redis2:17704', { master_port: '17702', master_link_status: 'up' });
  const report = await seeAndFixScene(scene, ['WR-REPLICAS-MISSING']);
  expect(report.findings[0]).toMatchObject({ nodes: ['redis1:17700'], severity: 'critical' });
});

test('a deleted slot', async () => {
  await scene.redis('redis1:17700', 'CLUSTER', 'DELSLOTS', 42);
  const report = await seeAndFixScene(scene, ['WR-SLOTS-UNCOVERED']);
  expect(report.findings[0]).toMatchObject({ title: 'slots 42 have no owner', nodes: ['redis1:17700'] });
});

test('an open slot', async () => {
  const [from, to] = [masters[0], masters[1]];
  await scene.redis(from, 'CLUSTER', 'SETSLOT', 7, 'MIGRATING', await scene.redis(to, 'CLUSTER', 'MYID'));
  await scene.redis(to, 'CLUSTER', 'SETSLOT', 7, 'IMPORTING', await scene.redis(from, 'CLUSTER', 'MYID'));
  const report = await seeAndFixScene(scene, ['WR-SLOTS-OPEN']);
  expect(report.findings[0]).toMatchObject({ nodes: [from, to] });
});

test('an open slot with keys on both sides', async () => {
  const [from, to] = [masters[0], masters[1]];
  // Both keys are of slot 866 (their tag); one of them is moved as a reshard would.
  await scene.redis(from, 'SET', '{hello}1', 'one');
  await scene.redis(from, 'SET', '{hello}2', 'two');
  await scene.redis(from, 'CLUSTER', 'SETSLOT', 866, 'MIGRATING', await scene.redis(to, 'CLUSTER', 'MYID'));
  await scene.redis(to, 'CLUSTER', 'SETSLOT', 866, 'IMPORTING', await scene.redis(from, 'CLUSTER', 'MYID'));
  const secret = process.env['WEEDGO_REDIS_PASSWORD'] ?? '';
  await scene.redis(from, 'MIGRATE', '127.0.77.2', 17_701, '{hello}1', 0, 5000, 'AUTH', secret);
  const report = await seeAndFixScene(scene, ['WR-SLOTS-OPEN']);
  expect(report.findings[0]?.remedy).toEqual([expect.stringContaining('redis-cli --cluster fix')]);
  const values = await Promise.all(
    ['{hello}1', '{hello}2'].map((key) =>
      scene.redis(to, 'GET', key).catch(() => scene.redis(from, 'GET', key)),
    ),
  );
  expect(values).toEqual(['one', 'two']);
  await scene
    .redis(to, 'DEL', '{hello}1', '{hello}2')
    .catch(() => scene.redis(from, 'DEL', '{hello}1', '{hello}2'));
});

test('a forgotten node', async () => {
  const id = await scene.redis('redis1:17703', 'CLUSTER', 'MYID');
  await Promise.all(
    all.filter((node) => node !== 'redis1:17703').map((node) => scene.redis(node, 'CLUSTER', 'FORGET', id)),
  );
  const report = await seeAndFixScene(scene, ['WR-NODE-FORGOTTEN']);
  expect(report.findings[0]).toMatchObject({ severity: 'critical', nodes: ['redis1:17703'] });
});

test('a foreign node met in', async () => {
  const foreign = await startNodes({ ports: [17_790] });
  try {
    await scene.redis(masters[0], 'CLUSTER', 'MEET', '127.0.0.1', 17_790);
    await until(async () => {
      for (const node of all)
        expect(await scene.redis(node, 'CLUSTER', 'NODES')).toMatch(/:17790@27790 master /);
    });
    const report = await seeAndFixScene(scene, ['WR-NODE-UNKNOWN']);
    expect(report.findings[0]?.title).toContain(':17790 is in the cluster and not in the inventory');
  } finally {
    await foreign.close();
  }
});

test('a changed configuration file', async () => {
  const file = join(folder(17_700), 'redis.conf');
  const content = await readFile(file, 'utf8');
  await writeFile(file, content.replace(/^maxmemory-policy .*$/m, 'maxmemory-policy allkeys-lru'));
  const report = await seeAndFixScene(scene, ['WR-CONFIG-FILE']);
  expect(report.findings[0]?.seen).toBe('inventory: noeviction; file: allkeys-lru; running: noeviction');
});

test('a CONFIG SET by hand', async () => {
  await scene.redis('redis2:17701', 'CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
  const report = await seeAndFixScene(scene, ['WR-CONFIG-LIVE']);
  expect(report.findings[0]).toMatchObject({ nodes: ['redis2:17701'] });
});

test('a CONFIG SET by hand of something that no file has', async () => {
  await scene.redis('redis2:17701', 'CONFIG', 'SET', 'hz', 50);
  await seeAndFixScene(scene, ['WR-CONFIG-LIVE']);
});

test('a removed password', async () => {
  await scene.redis('redis3:17702', 'CONFIG', 'SET', 'requirepass', '');
  const report = await seeAndFixScene(scene, ['WR-AUTH-OPEN']);
  expect(report.findings[0]).toMatchObject({ severity: 'critical', nodes: ['redis3:17702'] });
});

test('nodes that would not be let in by another master', async () => {
  await scene.redis('redis2:17701', 'CONFIG', 'SET', 'masterauth', 'other');
  await scene.redis('redis1:17703', 'CONFIG', 'SET', 'masteruser', 'nobody');
  const refused = await scene.cli.run('--yes', 'failover', '2');
  expect(refused.stderr).toContain('redis2:17701 could not log in to its successor');
  expect(refused.code).toBe(4);
  await seeAndFixScene(scene, ['WR-MASTERAUTH']);
});

test('a missing masterauth', async () => {
  await scene.redis('redis1:17703', 'CONFIG', 'SET', 'masterauth', '');
  await seeAndFixScene(scene, ['WR-MASTERAUTH']);
});

test('a user that nobody knows of, who may do everything', async () => {
  await scene.redis('redis1:17700', 'ACL', 'SETUSER', 'bob', 'on', '>something-long', '~*', '+@all');
  const report = await seeAndFixScene(scene, ['WR-ACL-DANGEROUS']);
  expect(report.findings[0]).toMatchObject({ nodes: ['redis1:17700'] });
});

test('a configuration file that everybody can read', async () => {
  await chmod(join(folder(17_705), 'redis.conf'), 0o644);
  const report = await seeAndFixScene(scene, ['WR-FILE-MODE']);
  expect(report.findings[0]).toMatchObject({ severity: 'critical', hosts: ['redis3'] });
});

test('a replica restarted with another nodes.conf', async () => {
  await restartWithoutIdentity('redis2:17704', 17_704);
  const report = await seeAndFixScene(scene, ['WR-NODE-IDENTITY']);
  expect(report.findings[0]).toMatchObject({ severity: 'critical', nodes: ['redis2:17704'] });
});

test('a master restarted with another nodes.conf: nobody fails over by itself', async () => {
  await scene.redis(masters[2], 'SET', 'kept', 'value').catch(() => undefined);
  await restartWithoutIdentity('redis2:17701', 17_701);
  const report = await seeAndFixScene(scene, ['WR-NODE-IDENTITY'], [['WR-HOST-LOSS']]);
  expect(report.findings[0]?.seen).toContain('are not served');
});

/** Its data folder keeps everything but the file that says who it is. */
async function restartWithoutIdentity(node: string, port: number): Promise<void> {
  process.kill(await scene.pid(node), 'SIGKILL');
  const nodesConf = join(folder(port), 'data/nodes.conf');
  await rename(nodesConf, `${nodesConf}.lost`);
  const started = await scene.cli.shell(
    `setsid redis-server ${join(folder(port), 'redis.conf')} </dev/null >/dev/null 2>&1 &`,
  );
  expect(started.code).toBe(0);
  const old = /^(\S+) /.exec(await readFile(`${nodesConf}.lost`, 'utf8'))?.[1] ?? '';
  await until(async () => expect(await scene.redis('redis3:17705', 'CLUSTER', 'NODES')).toMatch(/noaddr/));
  expect(await scene.redis(node, 'CLUSTER', 'MYID')).not.toBe(old);
}

test('a node that accepts no more connections', async () => {
  const redis1 = masters[0];
  await scene.redis(redis1, 'CONFIG', 'SET', 'maxclients', 40);
  const sockets = await fillUp('127.0.77.1', 17_700);
  for (const command of ['failover', 'restart']) {
    const refused = await scene.cli.run(command, redis1);
    expect(refused).toMatchObject({ code: 4, stderr: expect.stringContaining('accepts no more') });
    expect(refused.stderr).not.toMatch(/--force replaces|Bring redis2:17704 back/);
  }
  const report = await seeAndFixScene(scene, ['WR-CLIENTS-FULL'], {
    byHand: async () => {
      for (const socket of sockets) socket.destroy();
      await until(async () => expect(Number(await scene.info(redis1, 'connected_clients'))).toBeLessThan(10));
    },
    later: [['WR-CLIENTS-REJECTED']],
  });
  expect(report.findings[0]?.seen).toMatch(/\d\d connections from 127\.0\.0\.1/);
});

/** Idle connections until the server turns one away. */
async function fillUp(host: string, port: number): Promise<readonly Socket[]> {
  const sockets: Socket[] = [];
  for (;;) {
    const socket = connect({ host, port });
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    // A server that takes the connection says nothing before it is asked.
    const isTurnedAway = await Promise.race([
      once(socket, 'data').then(() => true),
      once(socket.setTimeout(200), 'timeout').then(() => false),
    ]);
    if (isTurnedAway) return sockets;
    sockets.push(socket);
  }
}

// On a replica: a master is soon taken for dead, and a failover leaves findings of its own.
test('a key on a master that does not own its slot', async () => {
  const [holder, , owner] = masters;
  const slot = 15_495;
  const importing = async (...command: readonly string[]): Promise<void> => {
    const id = await scene.redis(owner, 'CLUSTER', 'MYID');
    await scene.redis(holder, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', id);
    await scene.redis(holder, 'ASKING');
    await scene.redis(holder, ...command);
    await scene.redis(holder, 'CLUSTER', 'SETSLOT', slot, 'STABLE');
  };
  await importing('SET', 'a', 'unseen');
  const { findings } = await seeAndFixScene(scene, ['WR-KEYS-STRAY'], {
    byHand: () => importing('DEL', 'a'),
  });
  expect(findings[0]).toMatchObject({ nodes: [holder], seen: '1 key of slots 15495' });
});

test('a function that does not end', async () => {
  await scene.redis('redis1:17703', 'PING');
  const master = 'redis3:17702';
  const code =
    "#!lua name=endless\nredis.register_function{function_name='endless', callback=function() while true do end end, flags={'no-writes'}}";
  await scene.redis(master, 'FUNCTION', 'LOAD', code);
  await until(async () => expect(await scene.redis('redis1:17703', 'FUNCTION', 'LIST')).toContain('endless'));
  const running = scene.redis('redis1:17703', 'FCALL_RO', 'endless', 0).catch((error: unknown) => error);
  await until(async () => expect(ids(await scene.verify())).toContain('WR-NODE-BUSY'));
  const restarted = await scene.cli.run('restart', 'redis1:17703');
  expect(restarted.code).toBe(4);
  expect(restarted.stderr).toContain('redis1:17703 runs a script that does not end');
  const report = await seeAndFixScene(scene, ['WR-NODE-BUSY'], [['WR-LATENCY']]);
  expect(report.findings[0]?.remedy[0]).toMatch(/call redis1:17703 FUNCTION KILL$/);
  await running;
  await scene.redis(master, 'FUNCTION', 'DELETE', 'endless');
});

test('a node whose user default has lost its rights', async () => {
  await scene.redis('redis3:17705', 'ACL', 'SETUSER', 'default', 'resetkeys', '-@dangerous');
  const report = await seeAndFixScene(scene, ['WR-NODE-AUTH']);
  expect(report.findings[0]).toMatchObject({
    nodes: ['redis3:17705'],
    title: 'redis3:17705 denies rights to the user default',
  });
});

test('a node that was told to listen elsewhere', async () => {
  await scene.redis('redis3:17705', 'CONFIG', 'SET', 'bind', '127.0.0.1');
  const report = await seeAndFixScene(scene, ['WR-NODE-DOWN']);
  expect(report.findings[0]).toMatchObject({
    title: 'redis3:17705 runs and does not listen where it should',
  });
});

test('the sockets of a node that was killed under idle clients are nobody’s', async () => {
  const client = connect(17_705, '127.0.77.3');
  await once(client, 'connect');
  client.pause();
  process.kill(await scene.pid('redis3:17705'), 'SIGKILL');
  const report = await seeAndFixScene(scene, ['WR-NODE-DOWN']);
  expect(report.findings[0]?.seen).toMatch(/^nothing listens on its port/);
  expect(report.findings[0]?.remedy).toEqual([expect.stringMatching(/ start$/)]);
  client.destroy();
});

test('a script that does not end', async () => {
  // On a connection that stands the script is with the server before anybody looks.
  await scene.redis('redis1:17703', 'PING');
  const running = scene
    .redis('redis1:17703', 'EVAL', 'while true do end', 0)
    .catch((error: unknown) => error);
  const report = await seeAndFixScene(scene, ['WR-NODE-BUSY'], [['WR-LATENCY']]);
  expect(report.findings[0]).toMatchObject({ nodes: ['redis1:17703'] });
  await running;
});

test('a master that was given a min-replicas-to-write which no number of replicas meets', async () => {
  await scene.redis('redis1:17700', 'CONFIG', 'SET', 'min-replicas-to-write', 3);
  const tested = { cli: scene.cli, verify: () => scene.verify({ writeTest: true }) };
  const { findings } = await seeAndFix(tested, ['WR-WRITES-REFUSED']);
  const [, ...following] = findings;
  expect(following.map(({ id }) => id)).toEqual(['WR-CONFIG-LIVE', 'WR-WRITE-FAILED']);
  expect(following[1]?.seen).toContain('NOREPLICAS');
  expect(await scene.redis('redis1:17700', 'CONFIG', 'GET', 'min-replicas-to-write')).toMatch(/\b0$/);
});

test('a master that takes no writes since its replica is down', async () => {
  await scene.redis('redis1:17700', 'CONFIG', 'SET', 'min-replicas-to-write', 1);
  await scene.redis('redis2:17704', 'CONFIG', 'SET', 'min-replicas-to-write', 1);
  process.kill(await scene.pid('redis2:17704'), 'SIGKILL');
  await until(async () =>
    expect(await scene.redis('redis1:17700', 'CLUSTER', 'NODES')).toMatch(/17704@\S+ slave,fail[, ]/),
  );
  const tested = { cli: scene.cli, verify: () => scene.verify({ writeTest: true }) };
  // The started replica has its file's value again.
  await seeAndFix(tested, ['WR-NODE-DOWN', 'WR-CONFIG-LIVE']);
});

test('a write test leaves nothing behind', async () => {
  const report = await scene.verify({ writeTest: true });
  expect(report.writeTest).toHaveLength(3);
  for (const result of report.writeTest ?? []) {
    expect(result).toMatchObject({ acknowledged: 1, removed: true, error: null });
    expect(result.readFrom).toEqual([result.master, ...result.replicas]);
  }
  for (const node of masters) expect(await scene.redis(node, 'DBSIZE')).toBe('0');
});
