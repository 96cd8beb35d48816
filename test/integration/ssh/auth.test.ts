import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { connectHost, connectHosts } from '../../../src/ssh/connect.ts';
import { createPool } from '../../../src/ssh/pool.ts';
import type { SshSettings, SshTarget } from '../../../src/ssh/target.ts';
import type { ConnectOptions } from '../../../src/ssh/options.ts';
import type { Sshd, TestUser } from '../../support/sshd.ts';
import {
  addUser,
  attended,
  makeKey,
  scratch,
  startSshd,
  targetOf,
  unattended,
  until,
  userKey,
} from '../../support/sshd.ts';

const directory = scratch('auth');
const transports = ['ssh2', 'openssh'] as const;
const environment = { ...process.env };
let sshd: Sshd;
let user: TestUser;
let keys = 0;

const password = `pass 'word" with $HOME \\ and é`;
const newKey = (options: Parameters<typeof makeKey>[1]): string =>
  makeKey(join(directory, `key${(keys += 1)}`), options);
const authorize = (key: string): void =>
  writeFileSync(join(sshd.directory, 'authorized_keys'), readFileSync(`${key}.pub`), { flag: 'a' });
const authorized = (options: Parameters<typeof makeKey>[1]): string => {
  const key = newKey(options);
  authorize(key);
  return key;
};
const target = (ssh: SshSettings, name = 'redis1'): SshTarget => ({
  ...targetOf(sshd, ssh),
  name,
  become: false,
});
/** Logs in and tells as whom. */
const login = async (ssh: SshSettings, options: ConnectOptions = unattended()): Promise<string> => {
  const shell = await connectHost(target(ssh), options);
  try {
    return (await shell.run({ script: 'id -un' })).stdout.trim();
  } finally {
    await shell.close();
  }
};
const count = (pattern: RegExp): number => sshd.log().match(new RegExp(pattern, 'g'))?.length ?? 0;

beforeAll(async () => {
  sshd = await startSshd({
    name: 'redis1',
    config: 'PasswordAuthentication yes\nKbdInteractiveAuthentication no\nMaxAuthTries 6',
  });
  user = addUser({ password });
});
afterEach(() => {
  for (const name of ['SSH_ASKPASS', 'SSH_ASKPASS_REQUIRE', 'DISPLAY', 'SSH_AUTH_SOCK']) {
    if (environment[name] === undefined) delete process.env[name];
    else process.env[name] = environment[name];
  }
});
afterAll(async () => {
  await sshd.stop();
  user.remove();
});

describe.each(transports)('keys over %s', (transport) => {
  it.each(['ed25519', 'rsa', 'ecdsa'] as const)('%s works', async (type) => {
    expect(await login({ transport, identityFile: authorized({ type }) })).toBe('root');
  });

  it('several are tried in turn', async () => {
    const wrong = [newKey({ type: 'ed25519' }), newKey({ type: 'rsa' })];
    expect(await login({ transport, identityFile: [...wrong, join(directory, 'absent'), userKey] })).toBe(
      'root',
    );
  });

  it('that are wrong are named, with what the server takes', async () => {
    const wrong = newKey({ type: 'ed25519' });
    const refusal = login({ transport, identityFile: wrong });
    await expect(refusal).rejects.toMatchObject({ stage: 'authentication', host: 'redis1' });
    await expect(refusal).rejects.toThrow(/publickey/);
  });

  it('that others can read are ignored, as ssh does', async () => {
    const open = authorized({ type: 'ed25519' });
    chmodSync(open, 0o644);
    const refusal = login({ transport, identityFile: open });
    await expect(refusal).rejects.toMatchObject({ stage: 'authentication' });
    chmodSync(open, 0o600);
    expect(await login({ transport, identityFile: open })).toBe('root');
  });

  it('that are encrypted are asked for once for all hosts', async () => {
    const identityFile = authorized({ type: 'ed25519', passphrase: 'open sesame' });
    const options = attended([[/[Pp]assphrase/, 'open sesame']]);
    const targets = ['redis1', 'redis2', 'redis3'].map((name) => target({ transport, identityFile }, name));
    const { shells, unreachable } = await connectHosts(targets, options);
    expect([...unreachable.values()]).toEqual([]);
    expect(options.asked).toEqual([expect.stringContaining(identityFile)]);
    await Promise.all([...shells.values()].map(async (shell) => await shell.close()));
  });

  it('that are encrypted are asked for again after a wrong passphrase, and are not decrypted when not needed', async () => {
    const identityFile = authorized({ type: 'ed25519', passphrase: 'right' });
    let asked = 0;
    const prompter = { interactive: true, ask: async () => ['wrong', 'right'][asked++] };
    expect(await login({ transport, identityFile }, { ...unattended(), prompter })).toBe('root');
    expect(asked).toBe(2);
    const unknown = newKey({ type: 'ed25519', passphrase: 'right' });
    const options = attended([]);
    expect(await login({ transport, identityFile: [unknown, userKey] }, options)).toBe('root');
    expect(options.asked).toEqual([]);
  });

  it('that are encrypted are opened by ssh.passphrase', async () => {
    const identityFile = authorized({ type: 'rsa', passphrase: 'from a $ource' });
    const passphrase = { env: 'PASSPHRASE' };
    expect(
      await login({ transport, identityFile, passphrase }, unattended({ PASSPHRASE: 'from a $ource' })),
    ).toBe('root');
    const wrong = login({ transport, identityFile, passphrase }, unattended({ PASSPHRASE: 'x' }));
    await expect(wrong).rejects.toMatchObject({ stage: 'authentication' });
  });

  it('that are encrypted, with nobody to ask, are an error at once', async () => {
    const identityFile = authorized({ type: 'ed25519', passphrase: 'secret' });
    await expect(login({ transport, identityFile })).rejects.toMatchObject({ stage: 'authentication' });
  });

  it('in the old PEM form work, encrypted too', async () => {
    const plain = authorized({ type: 'rsa', format: 'PEM' });
    expect(await login({ transport, identityFile: plain })).toBe('root');
    const locked = authorized({ type: 'rsa', format: 'PEM', passphrase: 'older' });
    rmSync(`${locked}.pub`);
    const options = attended([[/[Pp]assphrase/, 'older']]);
    expect(await login({ transport, identityFile: locked }, options)).toBe('root');
  });

  it('SSH_ASKPASS is asked where nobody is', async () => {
    const helper = join(directory, `askpass-${transport}`);
    writeFileSync(helper, `#!/bin/sh\necho "$1" >> ${helper}.asked\necho 'by the helper'\n`, { mode: 0o700 });
    const identityFile = authorized({ type: 'ed25519', passphrase: 'by the helper' });
    process.env['SSH_ASKPASS'] = helper;
    await expect(login({ transport, identityFile })).rejects.toMatchObject({ stage: 'authentication' });
    process.env['SSH_ASKPASS_REQUIRE'] = 'force';
    expect(await login({ transport, identityFile })).toBe('root');
    expect(readFileSync(`${helper}.asked`, 'utf8')).toContain(identityFile);
    delete process.env['SSH_ASKPASS_REQUIRE'];
    process.env['DISPLAY'] = ':7';
    expect(await login({ transport, identityFile })).toBe('root');
  });
});

describe.each(transports)('the agent over %s', (transport) => {
  let agent: ChildProcess;
  const socket = join(directory, `agent-${transport}`);
  const add = (key: string, ...options: string[]): void => {
    execFileSync('ssh-add', ['-q', ...options, key], {
      env: { ...process.env, SSH_AUTH_SOCK: socket },
      stdio: 'ignore',
    });
  };
  const clear = (): void => {
    execFileSync('ssh-add', ['-q', '-D'], {
      env: { ...process.env, SSH_AUTH_SOCK: socket },
      stdio: 'ignore',
    });
  };

  beforeAll(async () => {
    agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
    await until(() => existsSync(socket));
  });
  afterAll(() => agent.kill());

  it.each(['ed25519', 'rsa', 'ecdsa'] as const)(
    'has an %s key, found by identityAgent and by SSH_AUTH_SOCK',
    async (type) => {
      clear();
      add(authorized({ type }));
      const ssh = { transport, identityFile: join(directory, 'absent'), identitiesOnly: false };
      expect(await login({ ...ssh, identityAgent: socket })).toBe('root');
      process.env['SSH_AUTH_SOCK'] = socket;
      const { identityAgent: _none, ...settings } = targetOf(sshd, ssh).ssh;
      const shell = await connectHost({ ...target({}), ssh: settings }, unattended());
      await shell.close();
      await expect(login({ ...ssh, identityAgent: 'none' })).rejects.toMatchObject({
        stage: 'authentication',
      });
    },
  );

  it('keeps its other keys to itself with identitiesOnly, and its own for the file that is public', async () => {
    clear();
    const key = authorized({ type: 'ed25519' });
    add(key);
    for (let more = 0; more < 7; more++) add(newKey({ type: 'ed25519' }));
    rmSync(key);
    const named = { transport, identityAgent: socket, identityFile: `${key}.pub`, identitiesOnly: true };
    expect(await login(named)).toBe('root');
    const other = { ...named, identityFile: newKey({ type: 'ed25519' }) };
    await expect(login(other)).rejects.toMatchObject({ stage: 'authentication' });
  });

  it('with too many keys is a clear error', async () => {
    clear();
    for (let more = 0; more < 8; more++) add(newKey({ type: 'ed25519' }));
    const ssh = {
      transport,
      identityAgent: socket,
      identitiesOnly: false,
      identityFile: join(directory, 'absent'),
    };
    const refusal = login(ssh);
    await expect(refusal).rejects.toMatchObject({ stage: 'authentication' });
    await expect(refusal).rejects.toThrow(/[Tt]oo many authentication failures/);
  });

  it('that is gone is no obstacle to a key file', async () => {
    const gone = { transport, identityAgent: join(directory, 'no-agent'), identitiesOnly: false };
    expect(await login(gone)).toBe('root');
  });
});

describe.each(transports)('passwords over %s', (transport) => {
  const by = (ssh: SshSettings = {}): SshSettings => ({
    transport,
    user: user.name,
    identityFile: join(directory, 'absent'),
    ...ssh,
  });
  const source = { env: 'SSH_PASSWORD' };

  it('come from a source, with spaces, quotes and dollars', async () => {
    expect(await login(by({ password: source }), unattended({ SSH_PASSWORD: password }))).toBe(user.name);
  });

  it('that a source has wrong are sent once', async () => {
    const before = count(/Failed password/);
    const refusal = login(by({ password: source }), unattended({ SSH_PASSWORD: 'wrong' }));
    await expect(refusal).rejects.toMatchObject({ stage: 'authentication' });
    expect(count(/Failed password/)).toBe(before + 1);
  });

  it('are asked for, once for all hosts', async () => {
    const options = attended([[/password/, password]]);
    const targets = ['redis1', 'redis2', 'redis3'].map((name) => target(by(), name));
    const { shells, unreachable } = await connectHosts(targets, options);
    expect([...unreachable.values()]).toEqual([]);
    expect(options.asked).toHaveLength(1);
    await Promise.all([...shells.values()].map(async (shell) => await shell.close()));
  });

  it('may be mistyped', async () => {
    let asked = 0;
    const prompter = { interactive: true, ask: async () => ['typo', password][asked++] };
    expect(await login(by(), { ...unattended(), prompter })).toBe(user.name);
  });

  it('that nobody gives are an error that says what the server takes', async () => {
    const refusal = login(by());
    await expect(refusal).rejects.toMatchObject({ stage: 'authentication' });
    await expect(refusal).rejects.toThrow(/password/);
  });
});

describe.each(transports)('keyboard-interactive over %s', (transport) => {
  let pam: Sshd;
  beforeAll(async () => {
    pam = await startSshd({
      name: 'redis1',
      config:
        'UsePAM yes\nPasswordAuthentication no\nKbdInteractiveAuthentication yes\nPubkeyAuthentication yes',
    });
  });
  afterAll(async () => await pam.stop());
  const by = (ssh: SshSettings = {}): SshTarget => ({
    ...targetOf(pam, { transport, user: user.name, identityFile: join(directory, 'absent'), ...ssh }),
    become: false,
  });

  it('is answered from the source of the password', async () => {
    const shell = await connectHost(by({ password: { env: 'P' } }), unattended({ P: password }));
    await shell.close();
  });

  it('is asked', async () => {
    const options = attended([[/[Pp]assword/, password]]);
    await (await connectHost(by(), options)).close();
    expect(options.asked).toHaveLength(1);
  });

  it('is an error at once where nobody answers, or the source is wrong', async () => {
    await expect(connectHost(by(), unattended())).rejects.toMatchObject({ stage: 'authentication' });
    const wrong = connectHost(by({ password: { env: 'P' } }), unattended({ P: 'wrong' }));
    await expect(wrong).rejects.toMatchObject({ stage: 'authentication' });
  });
});

describe('several methods in a row', () => {
  it.each(transports)('key and password, over %s', async (transport) => {
    const strict = await startSshd({
      name: 'redis1',
      config: 'AuthenticationMethods publickey,password\nPasswordAuthentication yes',
    });
    try {
      const host = {
        ...targetOf(strict, { transport, user: user.name, password: { env: 'P' } }),
        become: false,
      };
      await (await connectHost(host, unattended({ P: password }))).close();
    } finally {
      await strict.stop();
    }
  });
});

/** A string as SSH writes it, of less than 256 bytes. */
const field = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);

describe('what ssh2 lacks is left to OpenSSH by auto, with the reason', () => {
  it('a user certificate', async () => {
    const authority = newKey({ type: 'ed25519' });
    const key = newKey({ type: 'ed25519' });
    execFileSync('ssh-keygen', ['-q', '-s', authority, '-I', 'operator', '-n', 'root', `${key}.pub`], {
      stdio: 'ignore',
    });
    const trusted = join(directory, 'user-ca.pub');
    copyFileSync(`${authority}.pub`, trusted);
    const server = await startSshd({ name: 'redis1', config: `TrustedUserCAKeys ${trusted}` });
    try {
      const shell = await connectHost(
        { ...targetOf(server, { identityFile: key }), become: false },
        unattended(),
      );
      expect(shell.transport).toBe('openssh');
      expect(shell.reason).toBe(`the certificate ${key}-cert.pub`);
      expect((await shell.run({ script: 'id -un' })).stdout).toBe('root\n');
      await shell.close();
      const options = attended([]);
      const forced = connectHost(targetOf(server, { identityFile: key, transport: 'ssh2' }), options);
      await expect(forced).rejects.toMatchObject({ stage: 'authentication' });
      expect(options.notices).toContain(
        `not honoured by the ssh2 transport: the certificate ${key}-cert.pub`,
      );
    } finally {
      await server.stop();
    }
  });

  it('a host certificate: @cert-authority', async () => {
    const authority = newKey({ type: 'ed25519' });
    const place = join(directory, 'certified');
    mkdirSync(place);
    makeKey(join(place, 'ed25519'), { type: 'ed25519' });
    execFileSync(
      'ssh-keygen',
      ['-q', '-s', authority, '-I', 'redis1', '-h', '-n', '127.0.0.1', join(place, 'ed25519.pub')],
      {
        stdio: 'ignore',
      },
    );
    const config = `HostCertificate ${join(place, 'ed25519-cert.pub')}`;
    const server = await startSshd({ name: 'redis1', directory: place, config });
    const known = join(directory, 'ca-known-hosts');
    writeFileSync(known, `@cert-authority [127.0.0.1]:* ${readFileSync(`${authority}.pub`, 'utf8')}`);
    try {
      const shell = await connectHost(
        { ...targetOf(server, { knownHostsFile: known }), become: false },
        unattended(),
      );
      expect(shell.transport).toBe('openssh');
      expect(shell.reason).toBe(`@cert-authority at ${known}:1`);
      await shell.close();
    } finally {
      await server.stop();
    }
  });

  it('a security key, in a file or in the agent', async () => {
    const security = join(directory, 'id_sk');
    const type = 'sk-ssh-ed25519@openssh.com';
    // The public half is what tells; there is no such device here, so the login goes on with the other key.
    copyFileSync(userKey, security);
    chmodSync(security, 0o600);
    const name = Buffer.from(type);
    const blob = Buffer.concat([field(name), field(Buffer.alloc(32, 7)), field(Buffer.from('ssh:'))]);
    writeFileSync(security, `${type} ${blob.toString('base64')} nobody\n`);
    const shell = await connectHost({ ...target({ identityFile: [security, userKey] }) }, unattended());
    expect(shell.transport).toBe('openssh');
    expect(shell.reason).toBe(`the security key ${security}`);
    await shell.close();
  });

  it('a key in PKCS#8', async () => {
    const key = authorized({ type: 'rsa', format: 'PKCS8' });
    const shell = await connectHost(target({ identityFile: key }), unattended());
    expect(shell.reason).toBe(`the key ${key}: in a format that only OpenSSH reads`);
    await shell.close();
  });

  it('and ssh2 is taken where nothing needs more', async () => {
    const shell = await connectHost(target({}), { ...unattended(), pool: createPool() });
    expect([shell.transport, shell.reason]).toEqual(['ssh2', 'nothing needs OpenSSH']);
    await shell.close();
  });
});
