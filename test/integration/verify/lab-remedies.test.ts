import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createLab, type Lab, type LabHost } from '../../lab/lab.ts';
import { until } from '../../support/until.ts';
import { createLabScene, type LabScene, mainPid, seeAndFixScene } from './lab-support.ts';

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
  second = host('redis3').address.replace(/\d+$/, '213');
  await changeAddress('add');
  scene = await createLabScene(lab, {
    addresses: { redis3: second },
    over: { firewall: { external: true, manage: true }, hosts: lab.hosts.map(describeHost) },
  });
};

/** The address that the nodes of redis3 bind to, which is not the one that it is reached at. */
let second: string;

const changeAddress = (how: 'add' | 'del'): Promise<string> =>
  host('redis3').run(`ip addr ${how} ${second}/24 dev host0`);

const describeHost = ({ name, address }: LabHost, index: number): object => ({
  name,
  address,
  ...(name === 'redis3' && { privateAddress: second }),
  ports: [7000 + index, 7003 + index],
});
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
  await seeAndFixScene(scene, ['WR-FILE-MISSING']);
});

test('a log folder that is gone', async () => {
  await host('redis1').run('rm -r /var/log/weedgo-redis/redis@7003');
  await seeAndFixScene(scene, ['WR-FOLDER-MISSING']);
});

test('a server whose package was removed while it runs', async () => {
  await host('redis3').run('dpkg --remove --force-depends redis-server redis-tools');
  await seeAndFixScene(scene, ['WR-SERVER-MISSING']);
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

test('a setting of the kernel that another file takes back at the next boot', async () => {
  const file = '/etc/sysctl.d/99-hardening.conf';
  await host('redis2').run(`echo 'net.core.somaxconn = 128' >${file}`);
  await seeAndFixScene(scene, ['WR-KERNEL-BOOT']);
  expect(await host('redis2').run(`cat ${file}`)).toBe('# net.core.somaxconn = 128\n');
});

test('a node that was started while the kernel allowed less', async () => {
  await host('redis2').run(`set -e
    before=$(sysctl -n net.core.somaxconn)
    sysctl -q -w net.core.somaxconn=100
    systemctl restart weedgo-redis@7004
    sysctl -q -w net.core.somaxconn=$before`);
  await scene.untilInfo('redis2:7004', 'master_link_status:up');
  await seeAndFixScene(scene, ['WR-BACKLOG-SHORT']);
});

test('a table of the packet filter that was deleted', async () => {
  await host('redis1').run('nft delete table inet weedgo-redis-lab');
  const { findings } = await seeAndFixScene(scene, ['WR-BUS-LOCAL']);
  expect(findings[0]?.hosts).toEqual(['redis1']);
});

test('a node whose word to systemd was lost', async () => {
  const before = await mainPid(host('redis2'), 7004);
  await host('redis2').run(
    'mount --bind /dev/null /run/systemd/notify && systemctl restart --no-block weedgo-redis@7004',
  );
  await until(async () => expect(['0', before]).not.toContain(await mainPid(host('redis2'), 7004)));
  await scene.untilInfo(
    'redis2:7004',
    `process_id:${await mainPid(host('redis2'), 7004)}`,
    'master_link_status:up',
  );
  await host('redis2').run('umount /run/systemd/notify');
  await seeAndFixScene(scene, ['WR-UNIT-UNREADY']);
});

test('a replica whose master does not hear it', async () => {
  await block('redis1', `ip saddr ${host('redis2').address} tcp dport 7000`);
  const lag = async (): Promise<number> =>
    Number(/^slave0:.*lag=(\d+)/m.exec(await scene.redis('redis1:7000', 'INFO', 'replication'))?.[1]);
  await until(async () => expect(await lag()).toBeGreaterThan(10));
  await seeAndFixScene(scene, ['WR-REPLICA-LAG'], {
    byHand: async () => {
      await open('redis1');
      await until(async () => expect(await lag()).toBeLessThan(10));
    },
  });
});

test('a host without the address that its nodes bind to', async () => {
  const pids = [await mainPid(host('redis3'), 7002), await mainPid(host('redis3'), 7005)];
  await changeAddress('del');
  await host('redis3').run(`kill -KILL ${pids.join(' ')}`);
  await scene.untilInfo('redis1:7003', 'role:master');
  const { findings } = await seeAndFixScene(scene, ['WR-ADDRESS-MISSING'], {
    byHand: () => changeAddress('add'),
    later: [['WR-HOST-LOSS', 'WR-RESTARTS']],
  });
  expect(findings[0]).toMatchObject({ severity: 'critical', hosts: ['redis3'] });
});
