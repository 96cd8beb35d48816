import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLab, deployPassword, type Lab, type LabHost } from '../lab/lab.ts';
import { attempt } from '../lab/run.ts';

describe('three Debian hosts', () => {
  let lab: Lab;

  beforeAll(async () => {
    lab = await createLab({ hosts: ['redis1', 'redis2', 'redis3'] });
  });
  afterAll(() => lab?.close());

  const ssh = (host: LabHost, user: string, command: string, knownHosts = lab.knownHostsFile) => {
    const options = ['BatchMode=yes', 'ConnectTimeout=5', 'StrictHostKeyChecking=yes'];
    const files = [`UserKnownHostsFile=${knownHosts}`, 'GlobalKnownHostsFile=/dev/null'];
    const flags = [...options, ...files].flatMap((option) => ['-o', option]);
    return attempt(['ssh', '-F', 'none', '-i', lab.keyFile, ...flags, `${user}@${host.address}`, command]);
  };

  test('every host is a whole Debian of its own', async () => {
    const told = await Promise.all(
      lab.hosts.map((host) =>
        host.run('hostname; . /etc/os-release; echo $ID $VERSION_ID; cat /proc/1/comm'),
      ),
    );
    expect(told).toEqual(['redis1', 'redis2', 'redis3'].map((name) => `${name}\ndebian 12\nsystemd\n`));
    const machineIds = await Promise.all(lab.hosts.map((host) => host.readFile('/etc/machine-id')));
    expect(new Set(machineIds).size).toBe(3);
    expect(new Set(lab.hosts.flatMap((host) => host.hostKeys)).size).toBe(9);
  });

  test('ssh works with the key and strict host key checking, and not without the right host key', async () => {
    for (const user of ['root', 'deploy', 'deploypw']) {
      for (const host of lab.hosts) {
        expect(await ssh(host, user, 'hostname; whoami')).toMatchObject({
          code: 0,
          stdout: `${host.name}\n${user}\n`,
        });
      }
    }
    expect(await ssh(lab.host('redis1'), 'root', 'true', '/dev/null')).toMatchObject({ code: 255 });
  });

  test('deploy has sudo without a password, deploypw with one', async () => {
    const host = lab.host('redis1');
    expect(await ssh(host, 'deploy', 'sudo -n id -u')).toMatchObject({ code: 0, stdout: '0\n' });
    expect(await ssh(host, 'deploypw', 'sudo -n id -u')).toMatchObject({ code: 1 });
    const typed = { user: 'deploypw', input: `${deployPassword}\n` };
    expect(await host.run('sudo -S -p "" id -u', typed)).toBe('0\n');
  });

  test('a host with no way in is still reached from outside, and comes back', async () => {
    const host = lab.host('redis2');
    await host.cut();
    expect(await ssh(host, 'root', 'true')).toMatchObject({ code: 255 });
    expect(await host.run('echo still here')).toBe('still here\n');
    await host.uncut();
    expect(await ssh(host, 'root', 'true')).toMatchObject({ code: 0 });
  });

  test('a blocked port drops what comes from that peer, and nothing else', async () => {
    const [first, second, third] = [lab.host('redis1'), lab.host('redis2'), lab.host('redis3')];
    const knock = (from: LabHost) =>
      from.exec(`timeout 2 bash -c 'exec 3<>/dev/tcp/${first.address}/22'`).then(({ code }) => code);
    const unblock = await first.block({ peer: second, port: 22, direction: 'in' });
    expect([await knock(second), await knock(third)]).toEqual([124, 0]);
    await unblock();
    expect(await knock(second)).toBe(0);
    const unblockOut = await third.block({ peer: first, port: 22, direction: 'out' });
    // A dropped outgoing packet is the sender's own EPERM, or silence, as the kernel sees fit.
    expect([await knock(second), (await knock(third)) === 0]).toEqual([0, false]);
    await unblockOut();
    expect(await knock(third)).toBe(0);
  });

  test('a power loss ends everything at once; the disk and the host keys survive it', async () => {
    const host = lab.host('redis3');
    await host.writeFile('/root/kept', 'before the power loss');
    await host.powerOff();
    expect(await ssh(host, 'root', 'true')).toMatchObject({ code: 255 });
    await expect(host.exec('true')).rejects.toThrow('redis3 is off');
    await host.boot();
    expect(await ssh(host, 'root', 'cat /root/kept')).toMatchObject({
      code: 0,
      stdout: 'before the power loss',
    });
  });

  test('a unit stopped on one host runs on elsewhere, and a reboot is a new start', async () => {
    const [first, second] = [lab.host('redis1'), lab.host('redis2')];
    // When its systemd was started; all else in there changes while it works.
    const bootId = 'cut -d" " -f22 /proc/1/stat';
    const before = await second.run(bootId);
    await first.run('systemctl stop ssh');
    expect(await ssh(second, 'root', 'true')).toMatchObject({ code: 0 });
    await first.reboot();
    expect(await ssh(first, 'root', 'true')).toMatchObject({ code: 0 });
    expect(await second.run(bootId)).toBe(before);
  });

  test('packages come from the mirror: redis-server is installed and runs', async () => {
    const host = lab.host('redis1');
    await host.run('apt-get -qq update && apt-get -qq install --yes redis-server', { timeoutMs: 240_000 });
    expect(await host.run('systemctl is-active redis-server && redis-cli ping')).toBe('active\nPONG\n');
  });
});

/**
 * What a lab made that is still there. Never a connection to its addresses: without the bridge they are not
 * ours.
 */
async function leftovers(id: string): Promise<string> {
  const { stdout } = await attempt([
    'sh',
    '-c',
    `ls -d "/var/tmp/$1" /sys/fs/cgroup/"$1"-* /sys/fs/cgroup/*/"$1"-* 2> /dev/null
    ip -oneline link | grep "$1"; nft list tables | grep "$1"; grep "$1" /proc/mounts; true`,
    'sh',
    id,
  ]);
  return stdout;
}

test('a lab that is closed leaves nothing behind', async () => {
  const lab = await createLab({ hosts: ['short'], redis: 'installed' });
  expect(await lab.host('short').exec('systemctl is-enabled redis-server')).toMatchObject({
    stdout: 'disabled\n',
  });
  expect(await leftovers(lab.id)).not.toBe('');
  await lab.close();
  expect(await leftovers(lab.id)).toBe('');
});

test('a lab whose process was killed is taken down all the same', async () => {
  const script = `import { createLab } from ${JSON.stringify(new URL('../lab/lab.ts', import.meta.url).href)};
    const lab = await createLab({ hosts: ['orphan'] });
    console.log(lab.id);
    process.kill(process.pid, 'SIGKILL');`;
  const child = ['node', '--import', 'tsx', '--input-type=module', '--eval', script];
  const printed = await attempt(['sh', '-c', '"$@"; true', 'sh', ...child], { timeoutMs: 300_000 });
  const id = printed.stdout.trim();
  expect(id).toMatch(/^wlab\d+$/);
  await expect.poll(() => leftovers(id), { timeout: 30_000, interval: 100 }).toBe('');
});
