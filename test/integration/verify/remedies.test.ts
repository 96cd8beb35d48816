import { mkdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Report } from '../../../src/report/schema.ts';
import { seeAndFix } from '../../support/operator.ts';
import { until } from '../../support/until.ts';
import { createScene, ids, type Scene, seeAndFixScene, untilInfo, shareScene } from './scene.ts';

/**
 * Faults whose remedies are pasted, on one cluster of local nodes; those that need systemd are in
 * lab-remedies.
 */
let scene: Scene;

shareScene(
  () => createScene({ redis1: [19_070, 19_073], redis2: [19_071, 19_074], redis3: [19_072, 19_075] }),
  (made) => {
    scene = made;
  },
);

const masters = ['redis1:19070', 'redis2:19071', 'redis3:19072'] as const;
const replica = 'redis2:19074';
const folder = (port: number): string => join(scene.cli.state, 'weedgo-redis/scene', String(port));

test('a user that the inventory does not have', async () => {
  await scene.redis(masters[0], 'ACL', 'SETUSER', 'carol', 'on', '>something-long', '~c:*', '+get');
  await seeAndFixScene(scene, ['WR-ACL-UNKNOWN']);
});

test("the application's user, switched off", async () => {
  await scene.redis(masters[1], 'ACL', 'SETUSER', 'weedgo', 'off');
  await seeAndFixScene(scene, ['WR-ACL-APPLICATION']);
});

test('a user default that needs no password', async () => {
  await scene.redis(masters[0], 'ACL', 'SETUSER', 'default', 'nopass');
  await seeAndFixScene(scene, ['WR-AUTH-OPEN']);
  const list = await scene.redis(masters[0], 'ACL', 'LIST');
  expect(list).toMatch(/^user default on .*#[0-9a-f]{64} ~\* &\* \+@all$/m);
});

test('a user default that may not change settings, or list users', async () => {
  await scene.redis(masters[1], 'ACL', 'SETUSER', 'default', '-config|set');
  await seeAndFixScene(scene, ['WR-DEFAULT-USER']);
  await scene.redis(replica, 'ACL', 'SETUSER', 'default', '-acl');
  expect((await scene.cli.run('provision')).code).toBe(4);
  await seeAndFixScene(scene, ['WR-DEFAULT-USER']);
});

test('a user whose name is that of the application in parentheses', async () => {
  const rules = ['on', 'nopass', '~*', '&*', '+@all', '-@admin', '-@dangerous', '+config|get'];
  await scene.redis(masters[0], 'ACL', 'SETUSER', '(weedgo)', ...rules);
  await seeAndFixScene(scene, ['WR-ACL-DANGEROUS']);
});

test("the application's user, changed in other ways", async () => {
  const changes = [
    { rules: ['resetkeys', 'resetchannels'], id: 'WR-ACL-RIGHTS' },
    { rules: ['+acl|setuser', '+config|get'], id: 'WR-ACL-DANGEROUS' },
    { rules: ['nopass'], id: 'WR-ACL-EXTRA' },
    { rules: ['(~x +get)'], id: 'WR-ACL-EXTRA' },
  ];
  for (const { rules, id } of changes) {
    await scene.redis(masters[2], 'ACL', 'SETUSER', 'weedgo', ...rules);
    await seeAndFixScene(scene, [id]);
  }
});

test('a second password', async () => {
  await scene.redis(masters[2], 'ACL', 'SETUSER', 'default', '>another-password');
  await seeAndFixScene(scene, ['WR-AUTH-EXTRA']);
});

test('protected mode, switched off', async () => {
  await scene.redis(masters[0], 'CONFIG', 'SET', 'protected-mode', 'no');
  await seeAndFixScene(scene, ['WR-PROTECTED-MODE']);
});

test('every address of the host, listened on', async () => {
  await scene.redis(replica, 'CONFIG', 'SET', 'bind', '0.0.0.0');
  await seeAndFixScene(scene, ['WR-LISTEN-WIDE']);
});

test('an announced address that is elsewhere', async () => {
  await scene.redis(masters[2], 'CONFIG', 'SET', 'cluster-announce-ip', '127.0.77.200');
  await seeAndFixScene(scene, ['WR-ANNOUNCED-ELSEWHERE']);
});

test('another password on one node', async () => {
  await scene.redis(replica, 'CONFIG', 'SET', 'requirepass', 'another-password');
  await seeAndFixScene(scene, ['WR-NODE-AUTH']);
});

test('a replica that was reset', async () => {
  await scene.redis('redis3:19075', 'CLUSTER', 'RESET', 'SOFT');
  await seeAndFixScene(scene, ['WR-NODE-ALONE']);
});

test('two masters on one host', async () => {
  await scene.redis(replica, 'CLUSTER', 'FAILOVER');
  await untilInfo(scene, replica, { role: 'master' });
  await untilInfo(scene, masters[0], { role: 'slave', master_link_status: 'up' });
  await seeAndFixScene(scene, ['WR-HOST-LOSS']);
});

test('clients near the limit', async () => {
  await scene.redis(masters[0], 'CONFIG', 'SET', 'maxclients', 200);
  const sockets = await open(184, '127.0.77.1', 19_070);
  await seeAndFixScene(scene, ['WR-CLIENTS-MANY'], {
    byHand: async () => {
      for (const socket of sockets) socket.destroy();
    },
  });
});

test('memory that is full', async () => {
  const key = 'b';
  await scene.redis(masters[0], 'SETRANGE', key, 40_000_000, 'x');
  await scene.redis(masters[0], 'CONFIG', 'SET', 'maxmemory', '44mb');
  await seeAndFixScene(scene, ['WR-CONFIG-LIVE', 'WR-MEMORY-FULL']);
  await scene.redis(masters[0], 'DEL', key);
});

test('a snapshot that cannot be put in its place', async () => {
  const dump = join(folder(19_070), 'data/dump.rdb');
  await rm(dump, { force: true });
  await mkdir(join(dump, 'in-the-way'), { recursive: true });
  await scene.redis(masters[0], 'BGSAVE');
  await untilInfo(scene, masters[0], { rdb_bgsave_in_progress: '0', rdb_last_bgsave_status: 'err' });
  const { findings } = await seeAndFixScene(scene, ['WR-RDB-FAILED'], {
    byHand: () => rm(dump, { recursive: true }),
  });
  expect(findings[0]?.seen).toMatch(/its log says: .*dump\.rdb/);
});

test('a rewrite that cannot be put in its place', async () => {
  const aof = join(folder(19_071), 'data/appendonlydir');
  const ways = [2, 3, 4, 5, 6].map((number) => join(aof, `appendonly.aof.${number}.base.rdb`));
  for (const way of ways) await mkdir(join(way, 'in-the-way'), { recursive: true }).catch(() => undefined);
  await scene.redis(masters[1], 'BGREWRITEAOF');
  await untilInfo(scene, masters[1], { aof_rewrite_in_progress: '0', aof_last_bgrewrite_status: 'err' });
  await seeAndFixScene(scene, ['WR-AOF-REWRITE-FAILED'], {
    byHand: async () => {
      for (const way of ways) await rm(join(way, 'in-the-way'), { recursive: true, force: true });
      for (const way of ways) await rm(way, { recursive: true, force: true }).catch(() => undefined);
    },
  });
});

test('a configuration file that is gone', async () => {
  await rename(join(folder(19_075), 'redis.conf'), join(folder(19_075), 'redis.conf.elsewhere'));
  await seeAndFixScene(scene, ['WR-FILE-MISSING']);
});

test('a configuration file that is a link', async () => {
  const file = join(folder(19_075), 'redis.conf');
  await rename(file, `${file}.elsewhere`);
  await symlink(`${file}.elsewhere`, file);
  await seeAndFixScene(scene, ['WR-PATH-REPLACED'], { byHand: () => rm(file) });
});

test('a killed node whose child still saves is not taken for the node', async () => {
  await Promise.all(
    ['b', 'f', 'j'].map((key) => scene.redis(masters[0], 'SET', key, 'value').catch(() => undefined)),
  );
  await scene.redis(replica, 'CONFIG', 'SET', 'rdb-key-save-delay', 10_000_000);
  await scene.redis(replica, 'BGREWRITEAOF');
  await untilInfo(scene, replica, { aof_rewrite_in_progress: '1' });
  process.kill(await scene.pid(replica), 'SIGKILL');
  await seeAndFixScene(scene, ['WR-NODE-DOWN']);
  await Promise.all(['b', 'f', 'j'].map((key) => scene.redis(masters[0], 'DEL', key).catch(() => undefined)));
});

test('a restart that was killed', async () => {
  const restart = scene.cli.start('restart', 'all');
  await new Promise<void>((resolve) => restart.onLine((line) => line.includes('redis') && resolve()));
  await until(async () => expect(Number(await scene.info(replica, 'uptime_in_seconds'))).toBeLessThan(30));
  restart.kill('SIGKILL');
  await restart.done;
  // What else there is depends on the instant: the next node may be down, or its master have moved.
  // A node that was being started may still come up: it counts once two looks agree.
  const seen = await until(async () => {
    const found = ids(await scene.verify());
    expect(ids(await scene.verify())).toEqual(found);
    return found;
  });
  expect(seen).toContain('WR-RESTART-UNFINISHED');
  await seeAndFixScene(scene, seen);
});

test('a drill that was killed while its master is down', async () => {
  const pid = await scene.pid(masters[2]);
  const drill = scene.cli.start('drill', '3', '--confirm', 'scene');
  await until(async () => expect(() => process.kill(pid, 0)).toThrow('ESRCH'));
  drill.kill('SIGKILL');
  await drill.done;
  await untilInfo(scene, 'redis1:19073', { role: 'master' });
  await seeAndFixScene(scene, ['WR-NODE-DOWN', 'WR-DRILL-UNFINISHED']);
});

test('a replica that is paused while writes are tested', async () => {
  const pid = await scene.pid(replica);
  process.kill(pid, 'SIGSTOP');
  try {
    const report = await scene.verify({ writeTest: true });
    expect(ids(report)).toEqual(['WR-NODE-SILENT']);
    expect(report.findings.map(({ id }) => id)).toContain('WR-WRITE-UNREPLICATED');
  } finally {
    process.kill(pid, 'SIGCONT');
  }
});

// The last: the inventory is another one afterwards.
test('settings of the inventory that were not provisioned', { timeout: 300_000 }, async () => {
  const file = scene.inventory.file ?? '';
  const inventory = JSON.parse(await readFile(file, 'utf8'));
  const verify = async (): Promise<Report> => JSON.parse((await scene.cli.run('--json', 'verify')).stdout);
  for (const change of [{ 'maxmemory-policy': 'allkeys-lru' }, { 'tcp-backlog': 300 }]) {
    Object.assign(inventory.config, change);
    await scene.cli.setInventory(inventory);
    await seeAndFix({ cli: scene.cli, verify }, ['WR-CONFIG-PENDING']);
  }
});

const open = async (count: number, host: string, port: number): Promise<readonly Socket[]> =>
  Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<Socket>((resolve) => {
          const socket = connect({ host, port }, () => resolve(socket));
        }),
    ),
  );
