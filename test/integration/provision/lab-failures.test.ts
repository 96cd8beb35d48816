import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLab, type Lab, type LabHost } from '../../lab/lab.ts';
import { run } from '../../lab/run.ts';
import type { Cli, CliResult } from '../../support/cli.ts';
import { createLabCli, expectSoundOn, labNodes, listingOn, password } from './lab-support.ts';
import { expectCode } from './support.ts';

let lab: Lab;
let cli: Cli;
let one: LabHost;
let two: LabHost;
let three: LabHost;

beforeAll(async () => {
  lab = await createLab({ hosts: ['redis1', 'redis2', 'redis3'], redis: 'installed' });
  cli = await createLabCli(lab);
  [one, two, three] = lab.hosts as [LabHost, LabHost, LabHost];
});
afterAll(async () => {
  await cli?.close();
  await lab?.close();
});

const listings = (): Promise<readonly string[]> => Promise.all(lab.hosts.map(listingOn));

type Inventory = { readonly hosts: readonly object[] };

/** The lab's inventory with other SSH settings, or anything else, for one host. */
function changed(host: LabHost, over: object): object {
  const inventory = labNodes(lab) as Inventory;
  const index = lab.hosts.indexOf(host);
  return {
    ...inventory,
    hosts: inventory.hosts.map((each, at) => (at === index ? { ...each, ...over } : each)),
  };
}

/** Runs provision, demands that it ends so, and that nothing was changed anywhere. */
async function expectUntouched(code: number): Promise<CliResult> {
  const before = await listings();
  const result = await cli.run('provision');
  expectCode(result, code);
  expect(await listings()).toEqual(before);
  return result;
}

async function otherKey(): Promise<string> {
  const file = join(lab.dir, 'other_key');
  await run(['sh', '-c', '[ -e "$0" ] || ssh-keygen -q -t ed25519 -N "" -f "$0"', file]);
  return file;
}

async function knownHosts(edit: (lines: string) => string): Promise<string> {
  const file = join(lab.dir, 'edited_known_hosts');
  await writeFile(file, edit(await readFile(lab.knownHostsFile, 'utf8')));
  return file;
}

describe('one host of three is not as it should be', () => {
  test.each<{ what: string; over: () => Promise<object>; says: RegExp }>([
    {
      what: 'another key',
      over: async () => ({ ssh: { identityFile: await otherKey(), identityAgent: 'none' } }),
      says: /redis2 \(\S+\) refused to log in deploy/,
    },
    {
      what: 'a host key that nobody knows',
      over: async () => ({
        ssh: {
          knownHostsFile: await knownHosts((lines) =>
            lines
              .split('\n')
              .filter((line) => !line.includes('redis2'))
              .join('\n'),
          ),
        },
      }),
      says: /redis2 \(\S+\) shows a host key that is not known/,
    },
    {
      what: 'a host key that has changed',
      over: async () => ({
        ssh: {
          knownHostsFile: await knownHosts((lines) => {
            const others = lines.split('\n').filter((line) => !line.includes('redis2'));
            return [...others, ...one.hostKeys.map((key) => `${two.address},redis2 ${key}`), ''].join('\n');
          }),
        },
      }),
      says: /the host key of redis2 \(\S+\) has changed/,
    },
    {
      what: 'no sudo',
      over: async () => {
        await two.run(
          'useradd --create-home plain && cp -a /home/deploy/.ssh /home/plain && chown -R plain: /home/plain/.ssh',
        );
        return { ssh: { user: 'plain' } };
      },
      says: /sudo on redis2/,
    },
    {
      what: 'a sudo that wants a password',
      over: async () => ({ ssh: { user: 'deploypw' } }),
      says: /sudo on redis2 wants the password of deploypw/,
    },
  ])('$what', async ({ over, says }) => {
    await cli.setInventory(changed(two, await over()));
    const result = await expectUntouched(1);
    expect(result.stderr).toMatch(says);
    expect(result.stderr).toContain('The other hosts are ready: redis1, redis3.');
  });

  test('cut off, while another has a disk that is full', async () => {
    const logs = '/var/log/weedgo-redis/redis@7002';
    await cli.setInventory(labNodes(lab));
    // A disk of its own for a log folder that is there before the first provision.
    await three.run(`mkdir -p ${logs} && mount -t tmpfs -o size=4m none ${logs}`);
    await two.cut();
    try {
      const result = await cli.run('provision');
      expectCode(result, 1);
      expect(result.stderr).toMatch(/redis2 \(\S+\) cannot be reached: no answer/);
      expect(result.stderr).toContain(`redis3: the disk of ${logs} is nearly full`);
      expect(result.stderr).toContain('The other hosts are ready: redis1.');
    } finally {
      await two.uncut();
      await three.run(`umount ${logs} && rmdir -p --ignore-fail-on-non-empty ${logs}`);
    }
  });

  test('a clock that is far off', async () => {
    await cli.setInventory(labNodes(lab));
    // The hosts share this machine's clock, so what is off is what tells the time.
    const date = '#!/bin/sh\nfor last; do :; done\nexec /bin/date -d "90 seconds ago" "$last"\n';
    await three.writeFile('/usr/local/bin/date', date, '0755');
    const result = await expectUntouched(1);
    expect(result.stderr).toMatch(/redis3: its clock is (89|9\d)(\.\d)? s behind/);
    expect(result.stderr).not.toMatch(/redis[12]: its clock/);
    await three.run('rm /usr/local/bin/date');
  });

  test('a version that the inventory does not want', async () => {
    await cli.setInventory({ ...labNodes(lab), version: '>=7.2' });
    const result = await expectUntouched(1);
    for (const host of lab.hosts)
      expect(result.stderr).toMatch(new RegExp(`${host.name} has redis-server 7\\.0\\.15; wanted: >=7\\.2`));
  });

  test('a server with keys on a node’s port', async () => {
    await cli.setInventory(labNodes(lab));
    const secret = { input: `requirepass ${password}\n` };
    // As the service user: no other user's server is sent the password, or asked what it holds.
    await one.run(
      'umask 077; cat > /run/foreign.conf; chown redis /run/foreign.conf; ' +
        'systemd-run -q --unit=foreign --uid=redis redis-server /run/foreign.conf ' +
        `--port 7003 --bind ${one.address} 127.0.0.1 --save ''`,
      secret,
    );
    const ask = (command: string): Promise<string> =>
      one.run(`read -r REDISCLI_AUTH; export REDISCLI_AUTH; redis-cli -p 7003 ${command}`, {
        input: `${password}\n`,
      });
    await expect.poll(() => ask('SET precious value').catch(() => '')).toBe('OK\n');
    const result = await expectUntouched(4);
    expect(result.stderr).toContain('nothing was changed on any host');
    expect(result.stderr).toMatch(/redis1:7003: it runs without cluster-enabled/);
    expect(await ask('GET precious')).toBe('value\n');
    await one.run('systemctl stop foreign; rm /run/foreign.conf');
  });
});

describe('while provision works', () => {
  test('a firewall between two hosts is named instead of waited for', async () => {
    const unblock = await two.block({ peer: one, port: 17_001, direction: 'in' });
    const result = await cli.run('provision');
    expectCode(result, 1);
    expect(result.stderr).toMatch(/redis1 cannot reach redis2 .* at bus port 17001/);
    expect(result.stderr).not.toContain('redis3 cannot');
    await unblock();
    expectCode(await cli.run('provision'), 0);
    await expectSoundOn(one, 7000);
    expectCode(await cli.run('destroy', '--confirm', 'lab'), 0);
  });

  test('a host that loses its power is named, and the next run completes', async () => {
    const working = cli.start('--verbose', 'provision');
    let off: Promise<void> | undefined;
    working.onLine((line) => {
      if (/redis3: (write|make directory|enable)/.test(line)) off ??= three.powerOff();
    });
    const result = await working.done;
    await off;
    expect(off).toBeDefined();
    expectCode(result, 1);
    expect(result.stderr).toMatch(/redis3/);
    await three.boot();
    expectCode(await cli.run('provision'), 0);
    for (const [index, host] of lab.hosts.entries()) await expectSoundOn(host, 7000 + index);
    expectCode(await cli.run('plan', '--exit-code'), 0);
  });
});
