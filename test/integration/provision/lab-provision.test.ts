import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLab, type Lab } from '../../lab/lab.ts';
import type { Cli } from '../../support/cli.ts';
import { until } from '../../support/until.ts';
import { createLabCli, expectSoundOn, labNodes, listingOn, password } from './lab-support.ts';
import { expectCode } from './support.ts';

let lab: Lab;
let cli: Cli;

beforeAll(async () => {
  lab = await createLab({ hosts: ['redis1', 'redis2', 'redis3'] });
  cli = await createLabCli(lab);
});
afterAll(async () => {
  await cli?.close();
  await lab?.close();
});

const onEvery = <T>(work: (host: Lab['hosts'][number], index: number) => Promise<T>): Promise<readonly T[]> =>
  Promise.all(lab.hosts.map(work));
const listings = (): Promise<readonly string[]> => onEvery(listingOn);
const pids = (): Promise<readonly string[]> =>
  onEvery((host) => host.run("systemctl show -p MainPID --value 'weedgo-redis@*'"));

test('a plan for bare hosts says what it assumes, and changes nothing on them', async () => {
  const before = await listings();
  const plan = await cli.run('plan', '--exit-code');
  expectCode(plan, 3);
  expect(plan.stdout).toContain('install redis-server');
  expect(plan.stdout).toContain('redis1:7000: take 5461 slots');
  expect(plan.stdout).not.toContain(password);
  expect(await listings()).toEqual(before);
});

test('of two that provision at once one works, the other is refused with the holder named', async () => {
  const first = cli.start('--verbose', 'provision');
  await new Promise<void>((resolve) => first.onLine((line) => line.includes('refresh the') && resolve()));
  const second = await cli.run('provision');
  expectCode(second, 4);
  expect(second.stderr).toMatch(/lab is locked by \S+@\S+ since .*: provision/);
  const result = await first.done;
  expectCode(result, 0);
  // No replica on its master's host.
  for (const [shard, master, replica] of [
    [1, 'redis1:7000', 'redis2:7004'],
    [2, 'redis2:7001', 'redis3:7005'],
    [3, 'redis3:7002', 'redis1:7003'],
  ] as const) {
    expect(result.stdout).toMatch(new RegExp(`^${shard} +${master} +master `, 'm'));
    expect(result.stdout).toMatch(new RegExp(`^${shard} +${replica} +replica `, 'm'));
  }
  for (const host of lab.hosts) await expectSoundOn(host, 7000 + lab.hosts.indexOf(host));
});

test('units run and are enabled, files have the modes and owners they should, the package’s own unit is masked', async () => {
  await onEvery(async (host, index) => {
    const units = [7000 + index, 7003 + index].map((port) => `weedgo-redis@${port}`).join(' ');
    expect(await host.run(`systemctl is-active ${units}`)).toBe('active\nactive\n');
    expect(await host.run(`systemctl is-enabled ${units}`)).toBe('enabled\nenabled\n');
    expect(await host.run(`systemctl show -p Type --value ${units}`)).toBe('notify\n\nnotify\n');
    expect((await host.exec('systemctl is-enabled redis-server')).stdout).toBe('masked\n');
    const port = 7000 + index;
    const paths = `/etc/weedgo-redis/redis-${port}.conf /var/lib/weedgo-redis/redis@${port} /etc/sysctl.d/60-weedgo-redis.conf`;
    expect(await host.run(`stat -c '%a %U %G' ${paths}`)).toBe(
      '640 root redis\n750 redis redis\n644 root root\n',
    );
    expect(await host.run(`ps -o user= -C redis-server | sort -u`)).toBe('redis\n');
    const sysctl = await host.readFile('/etc/sysctl.d/60-weedgo-redis.conf');
    expect(sysctl).toMatch(/^vm\.overcommit_memory ?= ?1$/m);
    expect(sysctl).toMatch(/^net\.core\.somaxconn ?= ?\d+$/m);
  });
});

test('the configuration has none of the guide’s mistakes', async () => {
  await onEvery(async (host, index) => {
    const conf = await host.readFile(`/etc/weedgo-redis/redis-${7000 + index}.conf`);
    const lines = conf.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(lines).toContain('supervised "systemd"');
    expect(lines).toContain('daemonize "no"');
    expect(lines).toContain(`bind "${host.address}" "127.0.0.1" "-::1"`);
    expect(lines).toContain('protected-mode "yes"');
    expect(lines).toContain('maxmemory-policy "noeviction"');
    expect(lines).toContain('timeout "0"');
    expect(lines).toContain('appendonly "yes"');
    expect(lines).toContain(`requirepass "${password}"`);
    expect(lines).toContain(`masterauth "${password}"`);
    expect(conf).not.toMatch(/rename-command|^databases/m);
    // Redis reads what stands behind a value as more values.
    expect(lines.filter((line) => /" *#/.test(line))).toEqual([]);
    const listening = await host.run("ss -Hltn | awk '{print $4}'");
    expect(listening).toContain(`${host.address}:${17_000 + index}`);
    expect(listening).not.toMatch(/(0\.0\.0\.0|\*|\[::\]):1?700\d/);
  });
});

test('once more, there is nothing to do, and nothing is done', async () => {
  const before = { files: await listings(), pids: await pids() };
  const again = await cli.run('provision');
  expectCode(again, 0);
  expect(again.stdout).toContain('Nothing to do: lab is what the inventory says.');
  expectCode(await cli.run('plan', '--exit-code'), 0);
  expect({ files: await listings(), pids: await pids() }).toEqual(before);
});

test('maxmemory is changed live on every host, and no node is restarted', async () => {
  const before = await pids();
  await cli.setInventory(labNodes(lab, { config: { maxmemory: '160mb', 'cluster-node-timeout': 3000 } }));
  expectCode(await cli.run('provision'), 0);
  expect(await pids()).toEqual(before);
  await onEvery(async (host, index) => {
    const script = `read -r REDISCLI_AUTH; export REDISCLI_AUTH; redis-cli -p ${7000 + index} CONFIG GET maxmemory`;
    expect(await host.run(script, { input: `${password}\n` })).toBe(`maxmemory\n${160 << 20}\n`);
  });
  expectCode(await cli.run('plan', '--exit-code'), 0);
});

test('a host that lost its power comes back with its nodes by itself', async () => {
  const host = lab.host('redis2');
  await host.powerOff();
  await host.boot();
  expect(await host.run('systemctl is-active weedgo-redis@7001 weedgo-redis@7004')).toBe('active\nactive\n');
  await until(() => expectSoundOn(lab.host('redis1'), 7000), { timeoutMs: 60_000 });
  expectCode(await cli.run('provision'), 0);
  expectCode(await cli.run('plan', '--exit-code'), 0);
});

test('the nightly logrotate turns a log over, and the server goes on in the new file', async () => {
  const host = lab.host('redis1');
  await host.run('apt-get -q update && apt-get -q install -y --no-install-recommends logrotate needrestart', {
    timeoutMs: 300_000,
  });
  // As packages of other distributions do; ours has another folder.
  await host.writeFile('/etc/logrotate.d/redis', '/var/log/redis/*.log {\n  weekly\n  missingok\n}\n');
  const log = '/var/log/weedgo-redis/redis@7000/redis.log';
  await host.run(`head -c 101M /dev/zero | tr '\\0' '\\n' >>${log}`);
  const before = await host.run(`stat -c '%i %U:%G' ${log}`);
  expect(await host.run('logrotate /etc/logrotate.conf 2>&1')).toBe('');
  expect(await host.run(`stat -c '%i %U:%G' ${log}.1`)).toBe(before);
  const say = `read -r REDISCLI_AUTH; export REDISCLI_AUTH
redis-cli -p 7000 BGSAVE; until grep -q 'Background saving terminated with success' ${log}; do sleep 0.1; done
stat -c '%a %U:%G' ${log}`;
  expect(await host.run(say, { input: `${password}\n` })).toMatch(/\n640 redis:redis\n$/);
});

test('needrestart leaves the nodes alone after an upgrade of a library', async () => {
  const host = lab.host('redis1');
  const nodes = "systemctl show -p MainPID --value 'weedgo-redis@*'";
  const plain = 'systemctl show -p MainPID --value plain';
  // What it does with another server of the same library.
  await host.writeFile(
    '/etc/systemd/system/plain.service',
    '[Service]\nExecStart=/usr/bin/redis-server --port 7999 --save ""\n',
  );
  await host.run('systemctl daemon-reload && systemctl start plain');
  const before = [await host.run(nodes), await host.run(plain)];
  // As an upgrade does it: the server still has the file of before, which has no name any more.
  await host.run(
    'library=$(ldd /usr/bin/redis-server | grep -o "/[^ ]*libssl[^ ]*") && library=$(readlink -f $library) && cp -p $library $library.new && mv $library.new $library',
  );
  const { stdout, stderr } = await host.exec('needrestart -r a -v 2>&1', { timeoutMs: 120_000 });
  expect(stdout + stderr).toContain('weedgo-redis@7000');
  expect(await host.run(nodes)).toBe(before[0]);
  expect(await host.run(plain)).not.toBe(before[1]);
  await host.run('systemctl stop plain && rm /etc/systemd/system/plain.service && systemctl daemon-reload');
});

test('where the server forwards nothing, a way round is found', async () => {
  const host = lab.host('redis3');
  await host.run('echo "AllowTcpForwarding no" > /etc/ssh/sshd_config.d/lab.conf && systemctl reload ssh');
  expectCode(await cli.run('plan', '--exit-code'), 0);
  await host.run('rm /etc/ssh/sshd_config.d/lab.conf && systemctl reload ssh');
});

test('destroy leaves nothing of the cluster on any host', async () => {
  expectCode(await cli.run('destroy', '--confirm', 'bal'), 4);
  expectCode(await cli.run('destroy', '--confirm', 'lab'), 0);
  await onEvery(async (host) => {
    expect(await host.run('ps -C redis-server -o pid= || :')).toBe('');
    const left =
      'ls -d /etc/weedgo-redis/* /var/l*/weedgo-redis/*@* /etc/*/weedgo* /etc/needrestart/conf.d/weedgo* /etc/systemd/system/weedgo*';
    expect(await host.run(`${left} 2>/dev/null || :`)).toBe('');
    expect(await host.run("systemctl list-units --all --no-legend 'weedgo-redis@*'")).toBe('');
    expect(await host.run('ls /etc/systemd/system/multi-user.target.wants | grep weedgo || :')).toBe('');
  });
});
