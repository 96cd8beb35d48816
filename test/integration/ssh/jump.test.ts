import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectHost } from '../../../src/ssh/connect.ts';
import type { SshSettings, SshTarget } from '../../../src/ssh/target.ts';
import type { Sshd, TestUser } from '../../support/sshd.ts';
import { addUser, makeKey, startSshd, targetOf, unattended, until, userKey } from '../../support/sshd.ts';

/** ProxyJump: every hop is a server of its own, with its own key, user and settings. */

const transports = ['ssh2', 'openssh'] as const;
let [first, second, host]: Sshd[] = [];
let users: TestUser[] = [];

beforeAll(async () => {
  [first, second, host] = await Promise.all(
    ['first', 'second', 'redis1'].map(async (name) => await startSshd({ name })),
  );
  users = [addUser(), addUser()];
});
afterAll(async () => {
  await Promise.all([first, second, host].map(async (sshd) => await sshd?.stop()));
  for (const user of users) user.remove();
});

const hop = (name: string, sshd: Sshd | undefined, user: TestUser | undefined): string =>
  `Host ${name}\n HostName 127.0.0.1\n Port ${sshd?.port}\n User ${user?.name}\n IdentityFile ${userKey}\n`;

/** Two hops with a configuration of their own each; `known` are the servers whose keys are in the files. */
const target = (
  ssh: SshSettings,
  { known = [first, second, host] }: { known?: (Sshd | undefined)[] } = {},
): SshTarget => {
  const knownHosts = join(host?.directory ?? '', `known-${Math.random()}`);
  writeFileSync(knownHosts, known.map((sshd) => readFileSync(sshd?.knownHosts ?? '', 'utf8')).join(''));
  const configFile = join(host?.directory ?? '', `config-${Math.random()}`);
  writeFileSync(
    configFile,
    `${hop('hop1', first, users[0])}${hop('hop2', second, users[1])}Host redis1\n HostName 127.0.0.1\n Port ${host?.port}\n` +
      ` User root\n ProxyJump hop1,hop2\n IdentityFile ${userKey}\nHost *\n IdentityAgent none\n GlobalKnownHostsFile none\n`,
    { mode: 0o600 },
  );
  return {
    name: 'redis1',
    address: 'redis1',
    become: true,
    ssh: { configFile, knownHostsFile: knownHosts, strictHostKeyChecking: 'yes', ...ssh },
  };
};

describe.each(transports)('over %s', (transport) => {
  it('two hops are gone through, each as its own user', async () => {
    const shell = await connectHost(target({ transport }), unattended());
    expect((await shell.run({ script: 'id -un; echo $SSH_CONNECTION' })).stdout).toMatch(
      new RegExp(`^root\n127.0.0.1 \\d+ 127.0.0.1 ${host?.port}\n`),
    );
    expect(first?.log()).toContain(`Accepted publickey for ${users[0]?.name}`);
    expect(second?.log()).toContain(`Accepted publickey for ${users[1]?.name}`);
    const { stdout } = await shell.run({ script: 'wc -c', stdin: Buffer.alloc(10_000_000) });
    expect(stdout.trim()).toBe('10000000');
    const stream = await shell.forward('127.0.0.1', host?.port ?? 0);
    const greeting = await new Promise((resolve) => stream.once('data', (chunk) => resolve(String(chunk))));
    expect(greeting).toMatch(/^SSH-2.0/);
    stream.destroy();
    await shell.close();
    await until(() => [first, second, host].every((sshd) => sshd?.pids().length === 1));
  });

  it('the key of every hop is verified, and a refusal names the hop', async () => {
    for (const [missing, name] of [
      [first, 'jump host'],
      [second, 'jump host'],
      [host, 'redis1'],
    ] as const) {
      const known = [first, second, host].filter((sshd) => sshd !== missing);
      const refusal = connectHost(target({ transport }, { known }), unattended());
      await expect(refusal).rejects.toMatchObject({ stage: 'host-key', host: 'redis1' });
      await expect(refusal).rejects.toThrow(
        new RegExp(`${name}.*${missing?.port}.*${missing?.fingerprint().slice(7, 20).replace(/[+/]/g, '.')}`),
      );
    }
    await until(() => [first, second, host].every((sshd) => sshd?.pids().length === 1));
  });

  it('a hop that is lost is noticed by what goes through it', async () => {
    const shell = await connectHost(target({ transport }), unattended());
    const run = shell.run({ script: 'sleep 600' });
    const rejected = expect(run).rejects.toThrow(/redis1/);
    for (const pid of first?.pids().slice(1) ?? []) process.kill(pid, 'SIGKILL');
    await rejected;
    await shell.close();
  });

  it('a jump host that forwards nothing is an error that says so', async () => {
    const closed = await startSshd({ name: 'closed', config: 'AllowTcpForwarding no' });
    const known = [closed, host].map((sshd) => sshd?.knownHosts ?? '');
    const settings = { transport, proxyJump: `root@127.0.0.1:${closed.port}`, knownHostsFile: known };
    const refusal = connectHost(targetOf(host as Sshd, settings), unattended());
    await expect(refusal).rejects.toMatchObject({ stage: 'tcp', host: 'redis1' });
    await expect(refusal).rejects.toThrow(/redis1/);
    await closed.stop();
  });

  it("the inventory's proxyJump and identityFile do for hop and host, its password and user for the host alone", async () => {
    const key = makeKey(join(host?.directory ?? '', `jump-${transport}`), { type: 'ed25519' });
    for (const sshd of [first, host]) {
      writeFileSync(join(sshd?.directory ?? '', 'authorized_keys'), readFileSync(`${key}.pub`), {
        flag: 'a',
      });
    }
    const known = [first, host].map((sshd) => sshd?.knownHosts ?? '');
    const settings = {
      transport,
      identityFile: key,
      proxyJump: `${users[0]?.name}@127.0.0.1:${first?.port}`,
      knownHostsFile: known,
      password: { env: 'P' },
    };
    const shell = await connectHost(
      targetOf(host as Sshd, settings),
      unattended({ P: 'for the host alone' }),
    );
    await shell.close();
    expect(first?.log()).not.toMatch(/Failed password/);
  });
});
