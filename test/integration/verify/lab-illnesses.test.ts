import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { parseClusterNodes } from '../../../src/cluster/parse.ts';
import { createLab, type Lab, type LabHost } from '../../lab/lab.ts';
import { run } from '../../lab/run.ts';
import { until } from '../../support/until.ts';
import { createLabScene, type LabScene, seeAndFixScene } from './lab-support.ts';

let lab: Lab;
let scene: LabScene;
const host = (name: string): LabHost => lab.host(name);

/** File systems of their own for a replica and a master, small enough to be filled. */
const small = { replica: '/var/lib/weedgo-redis/redis@7004', master: '/var/lib/weedgo-redis/redis@7002' };

const mount = (path: string): string =>
  `mkdir -p ${path} && mount -t tmpfs -o size=160m,mode=750,uid=$(id -u redis),gid=$(id -g redis) tmpfs ${path}`;

const build = async (): Promise<void> => {
  lab = await createLab({ hosts: ['redis1', 'redis2', 'redis3'], redis: 'installed' });
  await host('redis2').run(mount(small.replica));
  await host('redis3').run(mount(small.master));
  scene = await createLabScene(lab);
};
const takeDown = async (): Promise<void> => {
  await scene?.cli.close();
  await lab?.close();
};

beforeAll(build);
afterAll(takeDown);

// Each illness starts from a cluster that was seen healthy, or its own finding would not be the only one.
afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  await takeDown();
  await build();
});

const pidOf = (name: string, port: number): Promise<string> =>
  host(name).run(`systemctl show -p MainPID --value weedgo-redis@${port}`);

const untilRestarted = (name: string, port: number): Promise<void> =>
  until(async () =>
    expect(await host(name).run(`systemctl show -p NRestarts --value weedgo-redis@${port}`)).not.toBe('0\n'),
  );

/** A key of each shard. */
const keys = { first: 'b', second: 'c', third: 'a' };

/**
 * The file system of a folder, to the last byte; as the server's user, or the file's owner would be a
 * finding.
 */
const fill = async (name: string, folder: string): Promise<void> => {
  const { stderr } = await host(name).exec(
    `setpriv --reuid redis --regid redis --clear-groups dd if=/dev/zero of=${folder}/ballast bs=4k`,
  );
  expect(stderr).toContain('No space left on device');
};

test('a full disk under a replica, which ends and is started over and over', async () => {
  await fill('redis2', small.replica);
  await scene.redis('redis1:7000', 'SET', keys.first, 'x');
  await scene.untilInfo('redis2:7004', 'aof_last_write_status:err');
  // What comes from its master it may not refuse.
  await scene.redis('redis1:7000', 'SET', keys.first, 'y');
  await untilRestarted('redis2', 7004);
  const { findings } = await seeAndFixScene(scene, ['WR-DISK-FULL'], {
    byHand: () => host('redis2').run(`rm ${small.replica}/ballast`),
    later: [['WR-RESTARTS']],
  });
  expect(findings[0]).toMatchObject({ severity: 'critical', nodes: ['redis2:7004'], hosts: ['redis2'] });
  expect(await scene.redis('redis1:7000', 'DEL', keys.first)).toBe('1');
});

test('a full disk under a master, which refuses writes', async () => {
  await fill('redis3', small.master);
  await scene.redis('redis3:7002', 'SET', keys.third, 'x');
  await scene.redis('redis3:7002', 'BGSAVE');
  await scene.untilInfo('redis3:7002', 'aof_last_write_status:err', 'rdb_last_bgsave_status:err');
  expect(await scene.redis('redis3:7002', 'SET', keys.third, 'y')).toContain('MISCONF');
  const { findings } = await seeAndFixScene(scene, ['WR-DISK-FULL'], {
    byHand: () => host('redis3').run(`rm ${small.master}/ballast`),
  });
  expect(findings[0]).toMatchObject({
    nodes: ['redis3:7002'],
    seen: expect.stringContaining('redis3:7002 could not write and refuses writes'),
    remedy: expect.arrayContaining([expect.stringContaining('call redis3:7002 BGSAVE SCHEDULE')]),
  });
  expect(await scene.redis('redis3:7002', 'DEL', keys.third)).toBe('1');
});

test('a data folder that was mounted read-only, under a node that cannot start there', async () => {
  const folder = '/var/lib/weedgo-redis/redis@7003';
  await host('redis1').run(`mount --bind ${folder} ${folder} && mount -o remount,bind,ro ${folder}`);
  await host('redis1').run(`kill -KILL ${await pidOf('redis1', 7003)}`);
  await untilRestarted('redis1', 7003);
  const { findings } = await seeAndFixScene(scene, ['WR-DATA-READ-ONLY'], { later: [['WR-RESTARTS']] });
  expect(findings[0]).toMatchObject({ severity: 'critical', nodes: ['redis1:7003'], hosts: ['redis1'] });
});

test('a file system that the kernel stopped for its errors', async () => {
  const folder = '/var/lib/weedgo-redis/redis@7005';
  const unit = 'weedgo-redis@7005';
  const image = join(lab.dir, 'disk');
  await run(['truncate', '-s', '256M', image]);
  await run(['mkfs.ext4', '-q', '-e', 'remount-ro', image]);
  const device = (await run(['losetup', '--find', '--show', image])).trim();
  try {
    const number = device.replace('/dev/loop', '');
    await host('redis3').run(`set -e
      mknod /root/disk b 7 ${number}
      systemctl stop ${unit}
      mkdir /root/new && mount /root/disk /root/new && cp -a ${folder}/. /root/new && umount /root/new
      mount /root/disk ${folder} && chown redis:redis ${folder} && chmod 750 ${folder}
      systemctl start ${unit}`);
    // A copy of all data is followed by a rewrite, which would be lost instead of what is appended.
    await scene.untilInfo(
      'redis3:7005',
      'master_link_status:up',
      'aof_rewrite_in_progress:0',
      'aof_rewrite_scheduled:0',
    );
    await host('redis3').run(`sync -f ${folder}`);
    await writeFile(`/sys/fs/ext4/loop${number}/trigger_fs_error`, '1');
    await scene.redis('redis2:7001', 'SET', keys.second, 'x');
    await scene.untilInfo('redis3:7005', 'aof_last_write_status:err');
    await scene.redis('redis2:7001', 'SET', keys.second, 'y');
    await untilRestarted('redis3', 7005);
    const { findings } = await seeAndFixScene(scene, ['WR-DATA-READ-ONLY'], {
      before: { line: /remount,rw/, says: /mount: / },
      // It ends in no other way: it does not want to go without having saved.
      byHand: () =>
        host('redis3').run(`systemctl kill -s KILL ${unit}; systemctl stop ${unit} && umount ${folder} &&
          { fsck.ext4 -y -f /root/disk || [ $? = 1 ]; } && mount /root/disk ${folder} && systemctl start ${unit}`),
    });
    expect(findings[0]).toMatchObject({ nodes: ['redis3:7005'], hosts: ['redis3'] });
  } finally {
    await run(['losetup', '--detach', device]);
  }
});

test('a host that cannot be reached at all: the rest is verified from the others', async () => {
  await host('redis3').cut();
  await scene.untilInfo('redis1:7003', 'role:master');
  const { findings, nodes } = await seeAndFixScene(scene, ['WR-HOST-UNREACHABLE'], {
    byHand: () => host('redis3').uncut(),
    later: [['WR-HOST-LOSS']],
  });
  expect(nodes.filter(({ reachable }) => reachable).map(({ node }) => node)).toEqual([
    'redis1:7000',
    'redis2:7004',
    'redis2:7001',
    'redis1:7003',
  ]);
  expect(findings[0]).toMatchObject({
    severity: 'critical',
    hosts: ['redis3'],
    nodes: ['redis3:7002', 'redis3:7005'],
    seen: expect.stringContaining('the cluster has marked redis3:7002 and redis3:7005 as failed'),
  });
});

/** Drops what comes to one host's bus ports from the other. */
const cutBus = async (name: string, ports: readonly number[], from: string): Promise<() => Promise<void>> => {
  const blocks = await Promise.all(
    ports.map((port) => host(name).block({ peer: host(from), port, direction: 'in' })),
  );
  return async () => {
    for (const unblock of blocks) await unblock();
  };
};

/** Of a node that still sends to it Redis suspects nothing, although it never answers. */
const untilUnanswered = (by: string, node: string): Promise<void> =>
  until(async () => {
    const [name = '', port] = node.split(':');
    const lines = parseClusterNodes(await scene.redis(by, 'CLUSTER', 'NODES'));
    const line = lines.find((one) => one.ip === host(name).address && one.port === Number(port));
    const since = line?.pingSent ?? 0;
    expect(since > 0 && Date.now() - since > 3000).toBe(true);
  });

test('a bus that is cut between two hosts', async () => {
  const [one, other] = [
    await cutBus('redis1', [17_000, 17_003], 'redis2'),
    await cutBus('redis2', [17_001, 17_004], 'redis1'),
  ];
  await untilUnanswered('redis1:7000', 'redis2:7001');
  const { findings } = await seeAndFixScene(scene, ['WR-BUS-LINK'], {
    before: {
      line: / check$/,
      says: /redis2 cannot reach bus port 17000[^]*redis1 cannot reach bus port 17001/,
    },
    byHand: () => Promise.all([one(), other()]),
  });
  expect(findings[0]).toMatchObject({ severity: 'critical', hosts: ['redis1', 'redis2'] });
});

test('a bus that is cut in one direction', async () => {
  const uncut = await cutBus('redis1', [17_000, 17_003], 'redis2');
  await untilUnanswered('redis2:7001', 'redis1:7000');
  const { findings } = await seeAndFixScene(scene, ['WR-BUS-LINK'], {
    before: { line: / check$/, says: /redis2 cannot reach bus port 17000, bus port 17003/ },
    byHand: uncut,
  });
  expect(findings[0]?.title).toBe('the cluster bus is cut from redis2 to redis1');
});

test('a changed configuration file', async () => {
  await host('redis1').run(
    String.raw`sed -i 's/^maxmemory-policy .*/maxmemory-policy "allkeys-lru"/' /etc/weedgo-redis/redis-7000.conf`,
  );
  const { findings } = await seeAndFixScene(scene, ['WR-CONFIG-FILE']);
  expect(findings[0]?.seen).toBe('inventory: noeviction; file: allkeys-lru; running: noeviction');
});

const unitFile = '/etc/systemd/system/weedgo-redis@.service';

test('a unit that was edited and not read again', async () => {
  await host('redis2').run(`sed -i 's/^LimitNOFILE=.*/LimitNOFILE=5000/' ${unitFile}`);
  const { findings } = await seeAndFixScene(scene, ['WR-FILE-CHANGED']);
  expect(findings[0]).toMatchObject({ hosts: ['redis2'], title: `${unitFile} on redis2 was changed` });
  expect(await host('redis2').run(`grep ^LimitNOFILE ${unitFile}`)).toBe('LimitNOFILE=65536\n');
});

test('a unit that was written again and not read again', async () => {
  await host('redis3').run(`touch ${unitFile}`);
  const { findings } = await seeAndFixScene(scene, ['WR-UNIT-RELOAD'], { later: [['WR-UNIT-STALE']] });
  expect(findings[0]).toMatchObject({ nodes: ['redis3:7002', 'redis3:7005'], hosts: ['redis3'] });
});

test('a unit that does not start at boot', async () => {
  await host('redis2').run('systemctl --quiet disable weedgo-redis@7001');
  const { findings } = await seeAndFixScene(scene, ['WR-UNIT-DISABLED']);
  expect(findings[0]).toMatchObject({ nodes: ['redis2:7001'] });
  expect(await host('redis2').run('systemctl is-enabled weedgo-redis@7001')).toBe('enabled\n');
});

test('a server that was replaced on disk and not restarted', async () => {
  // As a package manager does it: beside, then renamed.
  await host('redis1').run(
    'path=$(readlink -f /usr/bin/redis-server) && cp -p $path $path.new && mv $path.new $path',
  );
  const { findings } = await seeAndFixScene(scene, ['WR-VERSION-STALE']);
  expect(findings[0]?.nodes).toEqual(['redis1:7000', 'redis1:7003']);
});

test('a node that was killed and started again by systemd', async () => {
  await host('redis3').run(`kill -KILL ${await pidOf('redis3', 7005)}`);
  await untilRestarted('redis3', 7005);
  const { findings } = await seeAndFixScene(scene, ['WR-RESTARTS']);
  expect(findings[0]).toMatchObject({
    nodes: ['redis3:7005'],
    title: 'redis3:7005 was restarted by systemd once',
  });
});

test('too small a backlog for connections', async () => {
  await host('redis1').run('sysctl -q -w net.core.somaxconn=100');
  const { findings } = await seeAndFixScene(scene, ['WR-KERNEL-SOMAXCONN']);
  expect(findings[0]).toMatchObject({ hosts: ['redis1'], severity: 'warning' });
});

test('too low a limit of open files', async () => {
  await host('redis2').run(`prlimit --nofile=4000:4000 --pid ${await pidOf('redis2', 7004)}`);
  const { findings } = await seeAndFixScene(scene, ['WR-FILE-LIMIT']);
  expect(findings[0]).toMatchObject({ nodes: ['redis2:7004'] });
});
