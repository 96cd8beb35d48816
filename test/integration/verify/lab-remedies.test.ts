import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createLab, type Lab, type LabHost } from '../../lab/lab.ts';
import { until } from '../../support/until.ts';
import { createLabScene, type LabScene, seeAndFixScene } from './lab-support.ts';

/**
 * Faults of hosts, units and networks whose remedies are pasted; those of nodes alone are in
 * `remedies.test.ts`.
 */
let lab: Lab;
let scene: LabScene;
const host = (name: string): LabHost => lab.host(name);

const small = '/var/lib/weedgo-redis/redis@7005';

const build = async (): Promise<void> => {
  lab = await createLab({ hosts: ['redis1', 'redis2', 'redis3'], redis: 'installed' });
  await host('redis3').run(
    `mkdir -p ${small} && mount -t tmpfs -o size=160m,mode=750,uid=$(id -u redis),gid=$(id -g redis) tmpfs ${small}`,
  );
  scene = await createLabScene(lab);
};
const takeDown = async (): Promise<void> => {
  await scene?.cli.close();
  await lab?.close();
};

beforeAll(build);
afterAll(takeDown);

// Each fault is made in a healthy cluster, or its own finding would not be the only one.
afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  await takeDown();
  await build();
});

/** Packets that arrive at a host with this match are dropped until `open`. */
const block = (name: string, match: string): Promise<string> =>
  host(name).run(
    `nft add table inet fault && nft add chain inet fault in '{ type filter hook input priority -5; }' && nft add rule inet fault in ${match} drop`,
  );
const open = (name: string): Promise<string> => host(name).run('nft delete table inet fault');

test('a node that was started outside its unit', async () => {
  await host('redis1').run(`systemctl stop weedgo-redis@7003
    setpriv --reuid redis --regid redis --clear-groups redis-server /etc/weedgo-redis/redis-7003.conf --supervised no --daemonize yes`);
  await scene.untilInfo('redis1:7003', 'master_link_status:up');
  await seeAndFixScene(scene, ['WR-UNIT-BYPASSED']);
});

test('a unit file that is gone', async () => {
  await host('redis2').run('rm /etc/systemd/system/weedgo-redis@.service');
  await seeAndFixScene(scene, ['WR-FILE-MISSING'], { later: [['WR-UNIT-STALE']] });
});

test('a log folder that is gone', async () => {
  await host('redis1').run('rm -r /var/log/weedgo-redis/redis@7003');
  await seeAndFixScene(scene, ['WR-FOLDER-MISSING']);
});

test('a server whose package was removed while it runs', async () => {
  await host('redis3').run('dpkg --remove --force-depends redis-server redis-tools');
  await seeAndFixScene(scene, ['WR-SERVER-MISSING'], { later: [['WR-VERSION-STALE']] });
});

test('a replica that does not reach its master', async () => {
  await block('redis1', `ip saddr ${host('redis2').address} tcp dport 7000`);
  await host('redis1').run('ss -K state established sport = :7000 >/dev/null || true');
  await scene.untilInfo('redis2:7004', 'master_link_status:down');
  await seeAndFixScene(scene, ['WR-REPLICA-LINK-DOWN'], {
    before: { line: / check$/, says: /redis2 cannot reach port 7000/ },
    byHand: () => open('redis1'),
  });
});

test('a bus port that a packet filter closes', async () => {
  await block('redis3', 'tcp dport 17005');
  await until(async () => expect((await scene.verify()).findings).not.toEqual([]));
  await seeAndFixScene(scene, ['WR-BUS-UNREACHABLE'], {
    before: { line: / check$/, says: /cannot reach bus port 17005/ },
    byHand: () => open('redis3'),
  });
});

test('a disk without room for a rewrite', async () => {
  // Of the shard whose replica has the small disk.
  await scene.redis('redis2:7001', 'SETRANGE', 'c', '40000000', 'x');
  await scene.untilInfo('redis3:7005', 'master_link_status:up', 'aof_rewrite_in_progress:0');
  const free = Number(await host('redis3').run(`df --output=avail -B1M ${small} | tail -n 1`));
  await host('redis3').run(
    `setpriv --reuid redis --regid redis --clear-groups dd if=/dev/zero of=${small}/ballast bs=1M count=${free - 25} status=none`,
  );
  await seeAndFixScene(scene, ['WR-DISK-REWRITE'], {
    byHand: () => host('redis3').run(`rm ${small}/ballast`),
  });
  await scene.redis('redis2:7001', 'DEL', 'c');
});
