import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLab, type Lab, type LabHost } from '../../lab/lab.ts';
import type { Cli, CliResult } from '../../support/cli.ts';
import { until } from '../../support/until.ts';
import { createLabCli, labNodes, password } from './lab-support.ts';
import { expectCode } from './support.ts';

let lab: Lab;
let cli: Cli;
const [first, second] = ['redis1', 'redis2'];
const folder = (port: number): string => `/var/lib/weedgo-redis/redis@${port}`;

const hostNamed = (name: string | undefined): LabHost => {
  const host = lab.hosts.find((each) => each.name === name);
  if (!host) throw new Error(`no host ${name}`);
  return host;
};

const ask = (host: LabHost, port: number, line: string): Promise<string> =>
  host.run(`read -r REDISCLI_AUTH; export REDISCLI_AUTH; redis-cli -p ${port} ${line}`, {
    input: `${password}\n`,
  });

const keysOf = async (host: LabHost, port: number): Promise<number> =>
  Number(await ask(host, port, 'DBSIZE'));

/** As a crash: the process is killed, and what it has on disk is gone before systemd starts it again. */
const loseData = (host: LabHost, port: number): Promise<string> =>
  host.run(
    `kill -KILL "$(systemctl show -p MainPID --value weedgo-redis@${port})"
rm -rf ${folder(port)}/appendonlydir ${folder(port)}/dump.rdb`,
  );

/** As a server without systemd support: it serves, and systemd never learns that it is ready. */
const silence = (host: LabHost, port: number): Promise<string> =>
  host.run(`mkdir -p /etc/systemd/system/weedgo-redis@${port}.service.d
printf '[Service]\\nUnsetEnvironment=NOTIFY_SOCKET\\n' >/etc/systemd/system/weedgo-redis@${port}.service.d/mute.conf
systemctl daemon-reload`);

const unsilence = (host: LabHost, port: number): Promise<string> =>
  host.run(`rm -r /etc/systemd/system/weedgo-redis@${port}.service.d
systemctl daemon-reload; systemctl restart weedgo-redis@${port}`);

/** Runs a command that waits for such a start, and interrupts it once it has said so. */
async function interruptWait(...args: readonly string[]): Promise<CliResult> {
  const run = cli.start(...args);
  run.onLine((line) => {
    if (line.includes('still waiting after')) run.kill('SIGINT');
  });
  return run.done;
}

/** 1,000 keys in the first shard, whose master is redis1:7000 and whose replica is redis2:7004. */
async function fill(): Promise<void> {
  const lua = `for i = 1, 1000 do redis.call('SET', KEYS[1] .. i, i) end`;
  await ask(hostNamed(first), 7000, `EVAL "${lua}" 1 '{b}'`);
  await until(async () => expect(await keysOf(hostNamed(second), 7004)).toBe(1000));
}

beforeAll(async () => {
  lab = await createLab({ hosts: ['redis1', 'redis2', 'redis3'] });
  // As root puts the data of a bare host on another disk.
  await hostNamed('redis3').run('mkdir -p /data/redis && ln -s /data/redis /var/lib/weedgo-redis');
  // Long enough that systemd's own start would come before any failover.
  cli = await createLabCli(lab, { config: { maxmemory: '128mb', 'cluster-node-timeout': 30_000 } });
  expectCode(await cli.run('provision'), 0);
  await fill();
});
afterAll(async () => {
  await cli?.close();
  await lab?.close();
});

test('systemd does not bring a master back empty: its replica keeps the keys and takes over', async () => {
  await loseData(hostNamed(first), 7000);
  await until(async () =>
    expect(await hostNamed(first).run('journalctl -o cat -u weedgo-redis@7000')).toContain(
      'refused to start this node: it is the master of its slots, and its data in',
    ),
  );
  // It is left alone then, so that it is known to be dead.
  await until(async () =>
    expect((await hostNamed(first).exec('systemctl is-active weedgo-redis@7000')).stdout).toBe('inactive\n'),
  );
  const refused = await cli.run('start');
  expectCode(refused, 4);
  expect(refused.stderr).toContain('.yaml failover --to redis2:7004 --force');
  expectCode(await cli.run('failover', 'redis2:7004', '--force'), 0);
  expect(await keysOf(hostNamed(second), 7004)).toBe(1000);
  // By its own nodes.conf it still is the master: the tool knows better, and clears this one start.
  expectCode(await cli.run('start'), 0);
  expect(await hostNamed(first).run('ls /run/weedgo-redis | grep -c cleared || :')).toBe('0\n');
  await until(async () => expect(await keysOf(hostNamed(first), 7000)).toBe(1000));
});

test('Ctrl-C ends the wait of a restart; the node is not left stopped', async () => {
  await silence(hostNamed(first), 7000);
  const waiting = await interruptWait('restart', 'redis1:7000');
  expectCode(waiting, 130);
  expect(waiting.stderr).toMatch(/still waiting after 1\d s: start weedgo-redis@7000.*; the last line: /);
  expect(waiting.stderr).toContain('not waited for any longer: start weedgo-redis@7000.service');
  await until(async () => expect(await keysOf(hostNamed(first), 7000)).toBe(1000));
  await unsilence(hostNamed(first), 7000);
  expectCode(await cli.run('restart', 'redis1:7000'), 0);
});

/**
 * What verify finds, but for a lab's kernel, which cannot be set from there, and for the masters that are not
 * where they were placed.
 */
async function findings(): Promise<readonly string[]> {
  const { stdout } = await cli.run('--json', 'verify');
  const { findings: all } = JSON.parse(stdout) as { readonly findings: readonly { readonly id: string }[] };
  return all.map(({ id }) => id).filter((id) => !/^WR-(KERNEL-|HOST-LOSS$)/.test(id));
}

test('a data folder behind a link of root is the node’s own: nothing to do, also after a reboot', async () => {
  const host = hostNamed('redis3');
  expect(await host.run('readlink /proc/$(systemctl show -p MainPID --value weedgo-redis@7002)/cwd')).toBe(
    '/data/redis/redis@7002\n',
  );
  for (const reboots of [false, true]) {
    if (reboots) await host.reboot();
    await until(async () => expect(await findings()).toEqual([]), { timeoutMs: 60_000 });
    expectCode(await cli.run('plan', '--exit-code'), 0);
    const again = await cli.run('provision');
    expectCode(again, 0);
    expect(again.stdout).toContain('Nothing to do');
  }
  expectCode(await cli.run('restart', 'redis3:7005'), 0);
});

test('a node with its data starts at boot as before, also where /var/log is empty then', async () => {
  await hostNamed(first).run('echo "tmpfs /var/log tmpfs defaults 0 0" >>/etc/fstab');
  await hostNamed(first).reboot();
  expect(await hostNamed(first).run('findmnt -n -o FSTYPE /var/log')).toBe('tmpfs\n');
  await until(
    async () => expect(await hostNamed(first).run('systemctl is-active weedgo-redis@7000')).toBe('active\n'),
    { timeoutMs: 60_000 },
  );
  await until(async () => expect(await keysOf(hostNamed(first), 7000)).toBe(1000), { timeoutMs: 60_000 });
  const log = '/var/log/weedgo-redis/redis@7000';
  expect(
    await hostNamed(first).run(`stat -c '%a %U:%G' ${log} && grep -c 'Ready to accept' ${log}/redis.log`),
  ).toBe('750 redis:redis\n1\n');
  await until(async () => expect(await findings()).toEqual([]), { timeoutMs: 60_000 });
  expectCode(await cli.run('plan', '--exit-code'), 0);
});

test('a master that keeps nothing on disk waits until its replica has taken over', async () => {
  const config = { maxmemory: '128mb', 'cluster-node-timeout': 5000, appendonly: 'no', save: '' };
  await cli.setInventory(labNodes(lab, { config }));
  expectCode(await cli.run('provision'), 0);
  // Since the failover of the first test the two have changed places.
  const [master, replica, unit] = [hostNamed(second), hostNamed(first), 'weedgo-redis@7004'];
  expect(await ask(master, 7004, 'ROLE')).toMatch(/^master/);
  expect(await keysOf(replica, 7000)).toBe(1000);
  // systemd starts it again after 2 s, long before the others count it as failed.
  await master.run(`kill -KILL "$(systemctl show -p MainPID --value ${unit})"`);
  await until(async () => expect(await ask(replica, 7000, 'ROLE')).toMatch(/^master/));
  expect((await master.exec(`systemctl is-active ${unit}`)).stdout).toBe('activating\n');
  expect(await keysOf(replica, 7000)).toBe(1000);
  await until(async () => expect(await ask(master, 7004, 'ROLE')).toMatch(/^slave/), { timeoutMs: 60_000 });
  await until(async () => expect(await keysOf(master, 7004)).toBe(1000));
});

test('a host restored from the image of another one is not started, and nothing is changed there', async () => {
  // What the first host has, put on the second: another node's configuration under the same port would be
  // needed, so the second gets the first one's files under its own ports.
  const image = await hostNamed(first)
    .run(`sed 's/^# node: .*/# node: redis1:7000/' /etc/weedgo-redis/redis-7000.conf | base64 -w 0
echo; grep -e '[ ,]myself[ ,]' ${folder(7000)}/nodes.conf`);
  const [, myself = ''] = image.split('\n');
  const target = hostNamed(second);
  await target.run(`systemctl stop weedgo-redis@7001
sed -i 's/^# node: .*/# node: redis1:7000/' /etc/weedgo-redis/redis-7001.conf`);
  await target.writeFile(`${folder(7001)}/nodes.conf`, `${myself}\nvars currentEpoch 9 lastVoteEpoch 0\n`);
  const before = await target.run('cat /etc/weedgo-redis/redis-7001.conf');
  const refused = await cli.run('provision');
  expectCode(refused, 4);
  expect(refused.stderr).toContain('is the configuration of redis1:7000');
  expect(refused.stderr).toContain('is that of redis1:7000: both would run as one node');
  expect(await target.run('cat /etc/weedgo-redis/redis-7001.conf')).toBe(before);
  expect((await target.exec('systemctl is-active weedgo-redis@7001')).stdout).toBe('inactive\n');
});
