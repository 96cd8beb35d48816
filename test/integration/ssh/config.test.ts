import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { chooseTransport } from '../../../src/ssh/choose.ts';
import { connectHost } from '../../../src/ssh/connect.ts';
import { createPool } from '../../../src/ssh/pool.ts';
import { resolveConfig } from '../../../src/ssh/settings/resolve.ts';
import { findRoute } from '../../../src/ssh/route.ts';
import type { SshSettings, SshTarget } from '../../../src/ssh/target.ts';
import type { Sshd } from '../../support/sshd.ts';
import {
  addUser,
  attended,
  isOpen,
  makeKey,
  scratch,
  startSshd,
  unattended,
  until,
  userKey,
} from '../../support/sshd.ts';

/** What `ssh` resolves is what we do: each option once, on a server where it makes the difference. */

const directory = scratch('config');
const transports = ['ssh2', 'openssh'] as const;
const { PATH } = process.env;
let sshd: Sshd;
let files = 0;

const configFile = (text: string): string => {
  const file = join(directory, `config${(files += 1)}`);
  writeFileSync(file, text, { mode: 0o600 });
  return file;
};
/** A host that is all in the configuration file, as an operator has it who types `ssh redis1`. */
const target = (options: string, ssh: SshSettings = {}, others = ''): SshTarget => ({
  name: 'redis1',
  address: 'redis1',
  become: false,
  ssh: {
    configFile: configFile(
      `Host redis1\n${options}\n${others}\nHost *\n HostName 127.0.0.1\n User root\n Port ${sshd.port}\n` +
        ` IdentityFile ${userKey}\n IdentityAgent none\n UserKnownHostsFile ${sshd.knownHosts}\n` +
        ` GlobalKnownHostsFile none\n StrictHostKeyChecking yes\n`,
    ),
    ...ssh,
  },
});
const whoami = async (host: SshTarget, options = unattended()): Promise<string> => {
  const shell = await connectHost(host, options);
  try {
    return (await shell.run({ script: 'id -un' })).stdout.trim();
  } finally {
    await shell.close();
  }
};

beforeAll(async () => {
  sshd = await startSshd({ name: 'redis1' });
});
afterEach(() => {
  process.env['PATH'] = PATH;
});
afterAll(async () => await sshd.stop());

describe.each(transports)('the configuration file, over %s', (transport) => {
  it('is enough: HostName, User, Port, IdentityFile, UserKnownHostsFile', async () => {
    expect(await whoami(target('', { transport }))).toBe('root');
  });

  it('gives User, and the inventory wins over it', async () => {
    const user = addUser();
    try {
      expect(await whoami(target(` User ${user.name}`, { transport }))).toBe(user.name);
      expect(await whoami(target(` User nobody-here`, { transport, user: user.name }))).toBe(user.name);
    } finally {
      user.remove();
    }
  });

  it('gives Port, and the inventory wins over it', async () => {
    await expect(whoami(target(' Port 1', { transport }))).rejects.toMatchObject({ stage: 'tcp' });
    expect(await whoami(target(' Port 1', { transport, port: sshd.port }))).toBe('root');
  });

  it('gives several IdentityFiles with ~, tokens and spaces', async () => {
    const home = join(directory, 'a home %');
    mkdirSync(home, { recursive: true });
    for (const suffix of ['', '.pub']) {
      writeFileSync(join(home, `key-root${suffix}`), readFileSync(`${userKey}${suffix}`), { mode: 0o600 });
    }
    const wrong = makeKey(join(directory, `wrong-${transport}`), { type: 'ed25519' });
    const found = join(home.replace('%', '%%'), 'key-%r');
    const host = target(` IdentityFile ${wrong}\n IdentityFile "${found}"\n IdentitiesOnly yes`, {
      transport,
    });
    expect(await whoami(host)).toBe('root');
    const nothing = target(` IdentityFile ${wrong}`, { transport, configFile: 'none' });
    const bare = {
      ...nothing,
      address: '127.0.0.1',
      ssh: {
        ...nothing.ssh,
        port: sshd.port,
        user: 'root',
        knownHostsFile: sshd.knownHosts,
        identityFile: wrong,
        identityAgent: 'none',
      },
    };
    await expect(whoami(bare)).rejects.toMatchObject({ stage: 'authentication' });
  });

  it('gives UserKnownHostsFile and GlobalKnownHostsFile', async () => {
    await expect(whoami(target(' UserKnownHostsFile none', { transport }))).rejects.toMatchObject({
      stage: 'host-key',
    });
    const global = target(` UserKnownHostsFile none\n GlobalKnownHostsFile ${sshd.knownHosts}`, {
      transport,
    });
    expect(await whoami(global)).toBe('root');
  });

  it('gives StrictHostKeyChecking accept-new, and takes no for accept-new', async () => {
    for (const strict of ['accept-new', 'no']) {
      const file = join(directory, `${strict}-${transport}`);
      const host = target(` StrictHostKeyChecking ${strict}\n UserKnownHostsFile ${file}`, { transport });
      expect(await whoami(host)).toBe('root');
      expect(readFileSync(file, 'utf8')).toContain(sshd.hostKey());
      // With a changed key in it, not even "no" goes on.
      const other = readFileSync(
        `${makeKey(join(directory, `o-${strict}-${transport}`), { type: 'ed25519' })}.pub`,
        'utf8',
      );
      writeFileSync(file, `[127.0.0.1]:${sshd.port} ${other}`);
      await expect(whoami(host)).rejects.toMatchObject({ stage: 'host-key' });
    }
  });

  it('gives ConnectTimeout', async () => {
    // Nobody answers in TEST-NET-1 (RFC 5737), or there is no route to it.
    const host = target(' HostName 192.0.2.1\n ConnectTimeout 1', { transport });
    await expect(whoami(host)).rejects.toMatchObject({ stage: 'tcp' });
  });

  it('gives AddressFamily and BindAddress', async () => {
    expect(await whoami(target(' AddressFamily inet\n BindAddress 127.0.0.1', { transport }))).toBe('root');
    await expect(
      whoami(target(' HostName localhost\n AddressFamily inet6', { transport })),
    ).rejects.toMatchObject({
      host: 'redis1',
    });
  });

  it('gives HostKeyAlgorithms, KexAlgorithms, Ciphers and MACs', async () => {
    const options =
      ' HostKeyAlgorithms ssh-ed25519\n KexAlgorithms curve25519-sha256\n Ciphers aes256-ctr\n MACs hmac-sha2-512';
    expect(await whoami(target(options, { transport }))).toBe('root');
    const rsa = target(' HostKeyAlgorithms rsa-sha2-512', { transport });
    await expect(whoami(rsa)).rejects.toMatchObject({ stage: 'handshake' });
  });

  it('can be wrong, and what ssh says of it is shown', async () => {
    const wrong = whoami(target(' Prot 22', { transport }));
    await expect(wrong).rejects.toMatchObject({ stage: 'config', host: 'redis1' });
    await expect(wrong).rejects.toThrow(/[Bb]ad configuration option: prot/);
    await expect(
      whoami({ ...target(''), ssh: { configFile: '/nowhere/config', transport } }),
    ).rejects.toMatchObject({
      stage: 'config',
    });
  });
});

/** The configuration of redis1 as it is resolved. */
const resolve = async (options: string, ssh: SshSettings = {}) => {
  const { name: host, address, ssh: settings } = target(options, ssh);
  return await resolveConfig({ host, jump: false, address, settings }, createPool(), () => undefined);
};

describe('what is resolved', () => {
  it('has ServerAliveInterval and ServerAliveCountMax, under the inventory and over the default', async () => {
    expect((await resolve('')).keepaliveMs).toBe(15_000);
    expect((await resolve(' ServerAliveInterval 7\n ServerAliveCountMax 4')).keepaliveMs).toBe(28_000);
    expect((await resolve(' ServerAliveInterval 7', { keepalive: 3 })).keepaliveMs).toBe(3_000);
  });

  it('has ConnectTimeout, under the inventory and over the default', async () => {
    expect((await resolve('')).connectTimeoutMs).toBe(10_000);
    expect((await resolve(' ConnectTimeout 4')).connectTimeoutMs).toBe(4_000);
    expect((await resolve(' ConnectTimeout 4', { connectTimeout: 0.5 })).connectTimeoutMs).toBe(500);
  });

  it('has IdentityAgent by path, by variable and none', async () => {
    expect((await resolve(' IdentityAgent /run/agent.%r')).agent).toBe('/run/agent.root');
    process.env['SOME_AGENT'] = '/run/other';
    expect((await resolve(' IdentityAgent $SOME_AGENT')).agent).toBe('/run/other');
    expect((await resolve('', { identityAgent: 'none' })).agent).toBeUndefined();
    expect((await resolve('', { identityAgent: '~/agent' })).agent).toBe(
      join(process.env['HOME'] ?? '', 'agent'),
    );
  });

  it('has known_hosts files with spaces in their names', async () => {
    const spaced = join(directory, 'known hosts');
    writeFileSync(spaced, '');
    const { userKnownHosts } = await resolve(` UserKnownHostsFile "${spaced}" /etc/second`);
    expect(userKnownHosts).toEqual([spaced, '/etc/second']);
    expect((await resolve('', { knownHostsFile: ['/a b', '~/c'] })).userKnownHosts[0]).toBe('/a b');
  });

  it('follows Match, which a parser of our own would get wrong', async () => {
    const { user } = await resolve(` HostName 127.0.0.1\nMatch host 127.0.0.1 exec "true"\n User from-match`);
    expect(user).toBe('from-match');
  });

  it('refuses an address that would be an option', async () => {
    const evil = { host: 'h', jump: false, address: '-oProxyCommand=touch /tmp/x', settings: {} };
    await expect(resolveConfig(evil, createPool(), () => undefined)).rejects.toMatchObject({
      stage: 'config',
    });
  });
});

describe('what cannot be honoured', () => {
  it('is named on the ssh2 transport, once', async () => {
    const options = attended([]);
    const host = target(' VerifyHostKeyDNS yes\n StrictHostKeyChecking no', { transport: 'ssh2' });
    expect(await whoami(host, { ...options, pool: createPool() })).toBe('root');
    expect(options.notices).toEqual([
      'not honoured by the ssh2 transport: verifyhostkeydns true',
      'not honoured by the ssh2 transport: stricthostkeychecking no (taken for accept-new)',
    ]);
  });

  it('is refused where going on would reach another host: ProxyCommand with ssh2', async () => {
    const host = target(` ProxyCommand nc 127.0.0.1 ${sshd.port}`, { transport: 'ssh2' });
    await expect(whoami(host)).rejects.toThrow(/ProxyCommand is set for redis1/);
  });

  it('is left to OpenSSH by auto, with the reason', async () => {
    const command = `ProxyCommand bash -c 'exec 3<>/dev/tcp/127.0.0.1/${sshd.port}; cat <&3 & cat >&3'`;
    const shell = await connectHost(
      target(` HostName nowhere.invalid\n HostKeyAlias [127.0.0.1]:${sshd.port}\n ${command}`),
      unattended(),
    );
    expect(shell.transport).toBe('openssh');
    expect(shell.reason).toBe('ProxyCommand');
    expect((await shell.run({ script: 'echo through' })).stdout).toBe('through\n');
    await shell.close();
  });
});

describe('options that only OpenSSH has', () => {
  it('choose it: KnownHostsCommand', async () => {
    const command = `/bin/cat ${sshd.knownHosts}`;
    const host = target(` UserKnownHostsFile none\n KnownHostsCommand ${command}`);
    const shell = await connectHost(host, unattended());
    expect([shell.transport, shell.reason]).toEqual(['openssh', `knownhostscommand ${command}`]);
    await shell.close();
  });

  it('choose it: RevokedHostKeys, and the revoked key is refused', async () => {
    const revoked = join(directory, 'revoked');
    writeFileSync(revoked, '');
    const host = target(` RevokedHostKeys ${revoked}`);
    const shell = await connectHost(host, unattended());
    expect([shell.transport, shell.reason]).toEqual(['openssh', `revokedhostkeys ${revoked}`]);
    await shell.close();
    writeFileSync(revoked, `${sshd.hostKey()}\n`);
    await expect(whoami(host)).rejects.toMatchObject({ stage: 'host-key' });
  });

  it('choose it: PKCS11Provider', async () => {
    const route = await findRoute(
      { ...unattended(), pool: createPool() },
      target(' PKCS11Provider /nowhere.so'),
    );
    const choice = await chooseTransport({ ...unattended(), pool: createPool() }, route);
    expect(choice).toEqual({ transport: 'openssh', reason: 'pkcs11provider /nowhere.so' });
  });
});

describe('without an OpenSSH client', () => {
  it('takes the inventory alone, and says so once', async () => {
    const bin = join(directory, 'bin');
    mkdirSync(bin);
    symlinkSync('/bin/sh', join(bin, 'sh'));
    process.env['PATH'] = bin;
    const options = attended([]);
    const bare: SshTarget = {
      name: 'redis1',
      address: '127.0.0.1',
      become: false,
      ssh: {
        user: 'root',
        port: sshd.port,
        identityFile: userKey,
        identityAgent: 'none',
        knownHostsFile: sshd.knownHosts,
      },
    };
    const pool = createPool();
    expect(await whoami(bare, { ...options, pool })).toBe('root');
    expect(await whoami(bare, { ...options, pool })).toBe('root');
    expect(options.notices).toHaveLength(1);
    expect(options.notices[0]).toMatch(/no OpenSSH client/);
    await expect(whoami({ ...bare, ssh: { ...bare.ssh, transport: 'openssh' } })).rejects.toThrow(
      /no OpenSSH client/,
    );
  });
});

describe('ProxyJump', () => {
  it('is resolved hop by hop, each with its own settings', async () => {
    const host = target(
      ' ProxyJump first@hop1:2201,hop2',
      { identityFile: userKey },
      `Host hop1\n HostName 10.0.0.1\n ProxyJump edge\nHost hop2\n HostName 10.0.0.2\n Port 2202\n User two\n ProxyJump never\nHost edge\n HostName 10.0.0.9\n Port 2209`,
    );
    const { jumps, server } = await findRoute({ ...unattended(), pool: createPool() }, host);
    expect(jumps.map(({ user, hostname, port: at }) => `${user}@${hostname}:${at}`)).toEqual([
      `root@10.0.0.9:2209`,
      `first@10.0.0.1:2201`,
      `two@10.0.0.2:2202`,
    ]);
    expect(jumps.every(({ jump }) => jump)).toBe(true);
    expect(server.hostname).toBe('127.0.0.1');
  });

  it.each([
    ['[::1]:2222', '::1', 2222],
    ['me@[fe80::1]', 'fe80::1', 22],
    ['ssh://me@bastion:2200', 'bastion', 2200],
    ['a@b@bastion', 'bastion', 22],
  ])('%s is understood', async (hop, hostname, at) => {
    const settings = { proxyJump: hop, configFile: 'none' };
    const host = { name: 'r', address: '127.0.0.1', become: false, ssh: settings };
    const { jumps } = await findRoute({ ...unattended(), pool: createPool() }, host);
    expect(jumps).toMatchObject([{ hostname, port: at }]);
  });

  it('that goes round in a circle is refused, with what to write', async () => {
    const host = target(' HostName 127.0.0.2', {}, 'Host *\n ProxyJump bastion');
    await expect(findRoute({ ...unattended(), pool: createPool() }, host)).rejects.toThrow(/circle/);
  });
});

it('closes its connections: nothing is left of them', async () => {
  const before = sshd.pids().length;
  await whoami(target(''));
  await whoami(target('', { transport: 'openssh' }));
  await until(() => sshd.pids().length === before);
  expect(await isOpen(sshd.port)).toBe(true);
});
