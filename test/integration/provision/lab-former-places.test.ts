import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createLab, type Lab, type LabHost } from '../../lab/lab.ts';
import type { Cli } from '../../support/cli.ts';
import { until } from '../../support/until.ts';
import { startLoad } from '../failover/load.ts';
import { createLabCli, expectSoundOn, password } from './lab-support.ts';
import { expectCode } from './support.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let lab: Lab;
let cli: Cli;
const names = ['redis1', 'redis2', 'redis3'];
const portsOf = (host: LabHost): readonly number[] => {
  const index = names.indexOf(host.name);
  return [7000 + index, 7003 + index];
};

beforeAll(async () => {
  lab = await createLab({ hosts: names, redis: 'installed' });
  cli = await createLabCli(lab, {
    production: false,
    config: { maxmemory: '128mb', 'cluster-node-timeout': 2000 },
  });
  expectCode(await cli.run('provision'), 0);
});
afterAll(async () => {
  await cli?.close();
  await lab?.close();
});

/**
 * The script that puts a host's stopped nodes where earlier versions had them, with a unit as those wrote it.
 */
const asEarlierVersion = (ports: readonly number[]): string => `set -e
cd /etc/systemd/system
sed -i -e '/^ExecCondition=/d' -e '/^LogsDirectory/d' -e '/^RequiresMountsFor=/d' \\
  -e 's,^ReadWritePaths=.*,ReadWritePaths=/var/lib/redis /var/log/redis,' \\
  -e 's,/etc/weedgo-redis/redis-,/etc/redis/redis-,' weedgo-redis@.service
for port in ${ports.join(' ')}; do
  mv -T /var/lib/weedgo-redis/redis@$port /var/lib/redis/$port
  sed -e "s,/var/lib/weedgo-redis/redis@$port,/var/lib/redis/$port," \\
    -e "s,/var/log/weedgo-redis/redis@$port/redis.log,/var/log/redis/redis-$port.log," \\
    /etc/weedgo-redis/redis-$port.conf >/etc/redis/redis-$port.conf
  chown root:redis /etc/redis/redis-$port.conf
  chmod 0640 /etc/redis/redis-$port.conf
done
rm -rf /etc/weedgo-redis /var/log/weedgo-redis /usr/local/lib/weedgo-redis-start-guard.sh
systemctl daemon-reload`;

const onAll = (script: (host: LabHost) => string): Promise<readonly string[]> =>
  Promise.all(lab.hosts.map((host) => host.run(script(host))));

const units = (host: LabHost): string =>
  portsOf(host)
    .map((port) => `weedgo-redis@${port}`)
    .join(' ');

const startThere = async (): Promise<void> => {
  await onAll((host) => `systemctl start ${units(host)}`);
  await until(async () => expectCode(await cli.run('status'), 0), { timeoutMs: 60_000 });
  await until(async () => expectSoundOn(lab.host('redis1'), 7000), { timeoutMs: 60_000 });
};

const folders = (): Promise<readonly string[]> =>
  onAll(
    () =>
      `ls -d /var/lib/redis/7* /etc/redis/redis-7*.conf /var/lib/weedgo-redis/redis@* /etc/weedgo-redis/*.conf 2>/dev/null || :`,
  );

const moved = names.map((_, index) =>
  [7000, 7003]
    .map((first) => first + index)
    .flatMap((port) => [`/etc/weedgo-redis/redis-${port}.conf`, `/var/lib/weedgo-redis/redis@${port}`])
    .toSorted(),
);

const expectMoved = async (): Promise<void> => {
  const found = (await folders()).map((text) => text.trim().split('\n').toSorted());
  expect(found).toEqual(moved);
};

test('an installation of an earlier version: commands name provision, plan lists its moves, and nothing is changed', async () => {
  expectCode(await cli.run('--yes', 'stop'), 0);
  await onAll((host) => asEarlierVersion(portsOf(host)));
  const started = await cli.run('start');
  expectCode(started, 4);
  expect(started.stderr).toMatch(/Run `weedgo-redis -i \S+ provision`/);
  await startThere();
  const restarted = await cli.run('restart', 'redis1:7003');
  expectCode(restarted, 4);
  expect(restarted.stderr).toContain('redis1:7003: its files are where an earlier version had them');
  const planned = await cli.run('plan');
  expectCode(planned, 0);
  const moves = planned.stdout
    .split('\n')
    .flatMap((line) => /restart (\S+) to move it/.exec(line)?.[1] ?? []);
  expect(moves.map((id) => id.replace(/^redis\d:/, ''))).toEqual([
    '7003',
    '7004',
    '7005',
    '7000',
    '7001',
    '7002',
  ]);
  expect(planned.stdout).not.toContain(password);
  const verified = await cli.run('verify', '--json');
  const { findings } = JSON.parse(verified.stdout) as {
    readonly findings: readonly { readonly id: string; readonly remedy: readonly string[] }[];
  };
  const former = findings.find(({ id }) => id === 'WR-FORMER-PLACE');
  expect(former?.remedy.join()).toMatch(/weedgo-redis .*provision$/);
});

test('provision moves it under load, also after it was killed: no acknowledged write is lost', async () => {
  const nodes = lab.hosts.flatMap((host) => portsOf(host).map((port) => ({ host: host.address, port })));
  const load = await startLoad(nodes, password, { rate: 500 });
  const killed = cli.start('--verbose', 'provision');
  let stops = 0;
  killed.onLine((line) => {
    if (/stop weedgo-redis@/.test(line) && (stops += 1) === 2) killed.kill('SIGKILL');
  });
  expect((await killed.done).code).toBe(137);
  await until(async () => expectCode(await cli.run('provision'), 0), { timeoutMs: 200_000 });
  await until(async () => expect(await load.silence()).toBeLessThan(1000), { timeoutMs: 60_000 });
  const report = await load.finish();
  expect(report).toMatchObject({ lost: 0, errors: {} });
  expect(report.acknowledged).toBeGreaterThan(1000);
  await expectMoved();
  await expectSoundOn(lab.host('redis1'), 7000);
  const again = await cli.run('--json', 'provision');
  expectCode(again, 0);
  expect(JSON.parse(again.stdout)).toMatchObject({ changed: false });
  const verified = await cli.run('verify');
  expect({ code: verified.code, said: verified.code === 0 ? '' : verified.stdout }).toEqual({
    code: 0,
    said: '',
  });
});

const pids = (): string => "systemctl show -p MainPID --value 'weedgo-redis@*'";

test('a changed unit and a replaced server: exactly these nodes are restarted, under load and through a kill', async () => {
  await lab
    .host('redis1')
    .run('path=$(readlink -f /usr/bin/redis-server) && cp -p $path $path.new && mv $path.new $path');
  await lab.host('redis2').run('touch /etc/systemd/system/weedgo-redis@.service');
  const before = await onAll(pids);
  const plan = await cli.run('plan', '--exit-code');
  expectCode(plan, 3);
  expect(plan.stdout.match(/^  restart redis\d:\d+ \(.*\)/gm)?.toSorted()).toEqual([
    '  restart redis1:7000 (the server was replaced)',
    '  restart redis1:7003 (the server was replaced)',
    '  restart redis2:7001 (its systemd unit was changed)',
    '  restart redis2:7004 (its systemd unit was changed)',
  ]);
  const nodes = lab.hosts.flatMap((host) => portsOf(host).map((port) => ({ host: host.address, port })));
  const load = await startLoad(nodes, password, { rate: 500 });
  const killed = cli.start('provision');
  killed.onLine((line) => {
    if (line.includes('takes over from redis1:7000')) killed.kill('SIGKILL');
  });
  expect((await killed.done).code).toBe(137);
  await until(async () => expectCode(await cli.run('provision'), 0), { timeoutMs: 200_000 });
  await until(async () => expect(await load.silence()).toBeLessThan(1000), { timeoutMs: 60_000 });
  expect(await load.finish()).toMatchObject({ lost: 0, errors: {} });
  const after = await onAll(pids);
  expect(after[0]).not.toBe(before[0]);
  expect(after[1]).not.toBe(before[1]);
  expect(after[2]).toBe(before[2]);
  for (const [master, replica] of [
    ['redis1:7000', 'redis2:7004'],
    ['redis2:7001', 'redis3:7005'],
  ] as const)
    expect((await cli.run('status')).stdout).toMatch(new RegExp(`${master} +master[^]*${replica} +replica`));
  expectCode(await cli.run('plan', '--exit-code'), 0);
  expectCode(await cli.run('verify'), 0);
});

test('stopped nodes are moved without a restart, with their keys', async () => {
  const one = lab.host('redis1');
  const ask = (line: string): Promise<string> =>
    one.run(`read -r REDISCLI_AUTH; export REDISCLI_AUTH; redis-cli -c -p 7000 ${line}`, {
      input: `${password}\n`,
    });
  for (const key of ['a', 'b', 'c']) await ask(`SET ${key} value-${key}`);
  expectCode(await cli.run('--yes', 'stop'), 0);
  await onAll((host) => asEarlierVersion(portsOf(host)));
  const planned = await cli.run('plan');
  expectCode(planned, 0);
  expect(planned.stdout).toContain('move /var/lib/redis/7000 to /var/lib/weedgo-redis/redis@7000');
  expectCode(await cli.run('provision'), 0);
  await expectMoved();
  for (const key of ['a', 'b', 'c']) expect(await ask(`GET ${key}`)).toBe(`value-${key}\n`);
});

/** Runs the commands as a server that was taken over would, and shows what became of the host's own files. */
const asServer = (host: LabHost, script: string): Promise<unknown> => host.exec(script, { user: 'redis' });
const own = (host: LabHost): Promise<string> =>
  host.run(
    `stat -c '%n %a %U:%G %i' /etc /etc/shadow /etc/passwd /etc/redis /var/lib/weedgo-redis; md5sum /etc/shadow`,
  );
const shadowLines = async (host: LabHost): Promise<readonly string[]> =>
  (await host.run('cat /etc/shadow')).split('\n').filter((line) => line.length > 4);

/** Runs a command; nothing that it prints is of /etc/shadow. */
async function runsBlind(host: LabHost, ...args: readonly string[]): Promise<number> {
  const { code, stdout, stderr } = await cli.run(...args);
  for (const line of await shadowLines(host)) expect(`${stdout}${stderr}`).not.toContain(line);
  return code;
}

test('links of a server that was taken over: nothing of /etc changes, and nothing of it is shown', async () => {
  const host = lab.host('redis1');
  const before = await own(host);
  const folder = '/var/lib/weedgo-redis';
  await asServer(
    host,
    `ln -s /etc /var/lib/redis/7003; ln -s /etc ${folder}/redis@7010; ln -s /etc/shadow /etc/weedgo-redis/redis-7010.conf
rm -f /etc/redis/redis-7003.conf; ln -s /etc/shadow /etc/redis/redis-7003.conf`,
  );
  // What it may not write to has no link; what it may, has.
  expect(
    await host.run(`ls -d ${folder}/redis@7010 /etc/weedgo-redis/redis-7010.conf 2>/dev/null || :`),
  ).toBe('');
  expect(await host.run('readlink /var/lib/redis/7003 /etc/redis/redis-7003.conf')).toBe(
    '/etc\n/etc/shadow\n',
  );
  for (const args of [['plan'], ['--json', 'plan'], ['provision']])
    expect(await runsBlind(host, ...args)).toBe(0);
  // A configuration that is forged as this cluster's, so that the link counts as the node's former folder.
  await asServer(
    host,
    `rm /etc/redis/redis-7003.conf /var/lib/redis/7003; mkdir /var/lib/redis/bait; echo x >/var/lib/redis/bait/dump.rdb
head -n 3 /etc/weedgo-redis/redis-7003.conf >/etc/redis/redis-7003.conf; ln -s /var/lib/redis/bait /var/lib/redis/7003`,
  );
  expect(await runsBlind(host, 'plan')).toBe(0);
  expect(await runsBlind(host, 'provision')).toBe(0);
  // The log is a link when the node is stopped.
  const log = '/var/log/weedgo-redis/redis@7003/redis.log';
  await asServer(host, `mv ${log} ${log}.aside; ln -s /etc/shadow ${log}`);
  expect(await host.run(`readlink ${log}`)).toBe('/etc/shadow\n');
  expect(await runsBlind(host, 'restart', 'redis1:7003')).toBe(1);
  expect(await runsBlind(host, '--json', 'verify')).toBe(3);
  await asServer(host, `rm -r ${log} /var/lib/redis/7003 /var/lib/redis/bait`);
  expectCode(await cli.run('start'), 0);
  expect(await own(host)).toBe(before);
});

test('destroy on an installation of an earlier version leaves nothing of it', async () => {
  expectCode(await cli.run('--yes', 'stop'), 0);
  await onAll((host) => asEarlierVersion(portsOf(host)));
  await startThere();
  expectCode(await cli.run('destroy', '--confirm', 'lab'), 0);
  expect((await folders()).join('')).toBe('');
  expect(await lab.host('redis1').run('ls /etc/systemd/system/weedgo-redis@.service 2>/dev/null || :')).toBe(
    '',
  );
});
