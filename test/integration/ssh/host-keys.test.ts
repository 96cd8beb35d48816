import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectHost, connectHosts } from '../../../src/ssh/connect.ts';
import { ConnectError } from '../../../src/ssh/connect-error.ts';
import type { SshSettings } from '../../../src/ssh/target.ts';
import type { ConnectOptions } from '../../../src/ssh/options.ts';
import type { Sshd } from '../../support/sshd.ts';
import { attended, makeKey, scratch, startSshd, targetOf, unattended, userKey } from '../../support/sshd.ts';

const directory = scratch('hostkeys');
let sshd: Sshd;
let files = 0;

const knownHosts = (text: string): string => {
  const file = join(directory, `known_hosts${(files += 1)}`);
  writeFileSync(file, text);
  return file;
};

/** Connects and closes again; the error where that fails. */
const outcome = async (
  ssh: SshSettings,
  options: ConnectOptions = unattended(),
): Promise<ConnectError | 'ok'> => {
  try {
    await (await connectHost(targetOf(sshd, ssh), options)).close();
    return 'ok';
  } catch (error) {
    if (error instanceof ConnectError) return error;
    throw error;
  }
};
const logins = (): number => sshd.log().split('Accepted publickey').length - 1;

beforeAll(async () => {
  sshd = await startSshd({ name: 'redis1', hostKeys: ['ed25519', 'rsa', 'ecdsa'] });
});
afterAll(async () => await sshd.stop());

const nameInFile = (): string => `[127.0.0.1]:${sshd.port}`;

describe('known_hosts is read as ssh reads it', () => {
  const wrong = makeKey(join(directory, 'wrong'), { type: 'ed25519' });
  const wrongKey = (): string => readFileSync(`${wrong}.pub`, 'utf8').split(' ').slice(0, 2).join(' ');
  const cases: readonly (readonly [string, () => string])[] = [
    ['plain', () => `${nameInFile()} ${sshd.hostKey()}`],
    ['the RSA key alone', () => `${nameInFile()} ${sshd.hostKey('rsa')}`],
    ['the ECDSA key alone', () => `${nameInFile()} ${sshd.hostKey('ecdsa')}`],
    ['several names on a line', () => `other,${nameInFile()},10.0.0.9 ${sshd.hostKey()} comment here`],
    ['the name without its port', () => `127.0.0.1 ${sshd.hostKey()}`],
    ['the name without its port, RSA alone', () => `127.0.0.1 ${sshd.hostKey('rsa')}`],
    ['another port', () => `[127.0.0.1]:1 ${sshd.hostKey()}`],
    ['a wildcard', () => `[127.0.0.*]:* ${sshd.hostKey()}`],
    ['a question mark', () => `[127.0.0.?]:${sshd.port} ${sshd.hostKey()}`],
    ['a negation', () => `[127.0.0.*]:*,!${nameInFile()} ${sshd.hostKey()}`],
    ['a negation of another', () => `![127.0.0.2]:*,[127.0.0.*]:* ${sshd.hostKey()}`],
    ['nothing', () => ''],
    ['comments alone', () => `# ${nameInFile()} ${sshd.hostKey()}`],
    ['a changed key', () => `${nameInFile()} ${wrongKey()}`],
    [
      'a wrong key and the right one',
      () => `${nameInFile()} ${wrongKey()}\n${nameInFile()} ${sshd.hostKey()}`,
    ],
    [
      'a wrong key of the type that is preferred, the right RSA',
      () => `${nameInFile()} ${wrongKey()}\n${nameInFile()} ${sshd.hostKey('rsa')}`,
    ],
    [
      'a wrong key on the port, the right one without',
      () => `${nameInFile()} ${wrongKey()}\n127.0.0.1 ${sshd.hostKey()}`,
    ],
    ['a wrong key without the port', () => `127.0.0.1 ${wrongKey()}`],
    ['a revoked key', () => `@revoked * ${sshd.hostKey()}\n${nameInFile()} ${sshd.hostKey()}`],
    [
      'a revoked key that is not this one',
      () => `@revoked * ${wrongKey()}\n${nameInFile()} ${sshd.hostKey()}`,
    ],
    [
      'a revoked ED25519 key, the right RSA',
      () => `@revoked ${nameInFile()} ${sshd.hostKey()}\n${nameInFile()} ${sshd.hostKey('rsa')}`,
    ],
    ['leading blanks and tabs', () => `  \t${nameInFile()}\t${sshd.hostKey().replace(' ', '\t')}`],
    [
      'capitals',
      () => `[127.0.0.1]:${sshd.port} ${sshd.hostKey()}`.toUpperCase().split(' ')[0] + ` ${sshd.hostKey()}`,
    ],
    ['half a key', () => `${nameInFile()} ${sshd.hostKey().slice(0, 40)}`],
  ];

  it.each(cases)('%s', async (_, text) => {
    const plain = knownHosts(`${text()}\n`);
    const hashed = knownHosts(`${text()}\n`);
    execFileSync('ssh-keygen', ['-H', '-f', hashed], { stdio: 'ignore' });
    for (const file of [plain, hashed]) {
      const oracle = spawnSync(
        'ssh',
        [
          `-F none -p ${sshd.port} -i ${userKey} -o IdentityAgent=none -o BatchMode=yes -o UpdateHostKeys=no`,
          `-o UserKnownHostsFile=${file} -o GlobalKnownHostsFile=none -o StrictHostKeyChecking=yes`,
          'root@127.0.0.1 true',
        ]
          .join(' ')
          .split(' '),
        { encoding: 'utf8' },
      );
      const expected = oracle.status === 0 ? 'ok' : 'host-key';
      for (const transport of ['ssh2', 'openssh'] as const) {
        const seen = await outcome({ knownHostsFile: file, transport });
        expect(seen === 'ok' ? 'ok' : seen.stage, `${transport}: ${oracle.stderr}`).toBe(expected);
      }
    }
  });

  it('looks into several files', async () => {
    const right = knownHosts(`${nameInFile()} ${sshd.hostKey()}\n`);
    expect(await outcome({ knownHostsFile: [knownHosts(''), join(directory, 'absent'), right] })).toBe('ok');
  });
});

describe.each(['ssh2', 'openssh'] as const)('an unknown host key over %s', (transport) => {
  it('is refused without a terminal, with the fingerprint and what to run, and nobody logs in', async () => {
    const before = logins();
    const file = knownHosts('');
    const refusal = await outcome({ knownHostsFile: file, transport, strictHostKeyChecking: 'ask' });
    expect(refusal).toMatchObject({ stage: 'host-key', host: 'redis1' });
    expect((refusal as Error).message).toContain(`ED25519 ${sshd.fingerprint('ed25519')}`);
    const hint = (refusal as ConnectError).hints.find((each) => each.includes('ssh-keyscan')) ?? '';
    expect(logins()).toBe(before);
    expect(readFileSync(file, 'utf8')).toBe('');
    // The command is the right one.
    execFileSync('/bin/sh', ['-c', hint.replace(/^.*store it: /, '')], { stdio: 'ignore' });
    expect(await outcome({ knownHostsFile: file, transport })).toBe('ok');
  });

  it('is asked about on a terminal, and stored', async () => {
    // ssh itself makes no folder but ~/.ssh.
    const file = join(directory, ...(transport === 'ssh2' ? ['new'] : []), `asked-${transport}`);
    const options = attended([[/continue connecting/, 'yes']]);
    expect(await outcome({ knownHostsFile: file, transport, strictHostKeyChecking: 'ask' }, options)).toBe(
      'ok',
    );
    expect(options.asked).toHaveLength(1);
    expect(options.asked[0]).toContain(sshd.fingerprint('ed25519'));
    expect(readFileSync(file, 'utf8')).toContain(`[127.0.0.1]:${sshd.port} ${sshd.hostKey()}`);
    expect(await outcome({ knownHostsFile: file, transport })).toBe('ok');
  });

  it('is refused when the operator says no', async () => {
    const file = knownHosts('');
    const before = logins();
    for (const answer of ['no', undefined]) {
      const options = attended([[/continue connecting/, answer]]);
      const refusal = await outcome(
        { knownHostsFile: file, transport, strictHostKeyChecking: 'ask' },
        options,
      );
      expect(refusal).toMatchObject({ stage: 'host-key' });
    }
    expect(logins()).toBe(before);
  });

  it('is taken and stored with accept-new', async () => {
    const file = knownHosts('');
    expect(await outcome({ knownHostsFile: file, transport, strictHostKeyChecking: 'accept-new' })).toBe(
      'ok',
    );
    expect(readFileSync(file, 'utf8')).toContain(sshd.hostKey());
  });
});

describe('asking', () => {
  it('takes the fingerprint for a yes, and asks again after nonsense', async () => {
    const asked: string[] = [];
    const answers = ['perhaps', `${sshd.fingerprint()}x`, sshd.fingerprint()];
    const options: ConnectOptions = {
      ...unattended(),
      prompter: { interactive: true, ask: async (question) => answers[asked.push(question) - 1] },
    };
    expect(await outcome({ knownHostsFile: knownHosts(''), strictHostKeyChecking: 'ask' }, options)).toBe(
      'ok',
    );
    expect(asked).toHaveLength(3);
  });

  it('asks once for one server, however many connections wait for it', async () => {
    const options = attended([[/continue connecting/, 'yes']]);
    const target = targetOf(sshd, { knownHostsFile: knownHosts(''), strictHostKeyChecking: 'ask' });
    const targets = ['a', 'b', 'c'].map((name) => ({ ...target, name }));
    const { shells, unreachable } = await connectHosts(targets, options);
    expect([...unreachable.values()]).toEqual([]);
    expect(options.asked).toHaveLength(1);
    await Promise.all([...shells.values()].map(async (shell) => await shell.close()));
  });

  it('goes on for this run where the key cannot be stored, and says so', async () => {
    const blocked = join(directory, 'blocked');
    writeFileSync(blocked, '');
    const options = attended([[/continue connecting/, 'yes']]);
    const file = join(blocked, 'known_hosts');
    expect(await outcome({ knownHostsFile: file, strictHostKeyChecking: 'ask' }, options)).toBe('ok');
    expect(options.notices.join()).toMatch(/could not be stored/);
  });

  it('hashes the name where the configuration says HashKnownHosts', async () => {
    const config = join(directory, 'hashing');
    writeFileSync(config, 'HashKnownHosts yes\n');
    chmodSync(config, 0o600);
    const file = knownHosts('');
    const ssh: SshSettings = {
      knownHostsFile: file,
      strictHostKeyChecking: 'accept-new',
      configFile: config,
    };
    expect(await outcome(ssh)).toBe('ok');
    expect(readFileSync(file, 'utf8')).toMatch(/^\|1\|/);
    expect(await outcome({ ...ssh, strictHostKeyChecking: 'yes' })).toBe('ok');
  });
});

describe.each(['ssh2', 'openssh'] as const)(
  'a host key that was swapped between two runs, over %s',
  (transport) => {
    it('is refused with both fingerprints, file and line, and nothing is sent', async () => {
      let server = await startSshd({ name: 'redis1' });
      const file = knownHosts(`# a comment\n${readFileSync(server.knownHosts, 'utf8')}`);
      const ssh: SshSettings = { knownHostsFile: file, transport, strictHostKeyChecking: 'accept-new' };
      const first = await connectHost(targetOf(server, ssh), unattended());
      await first.close();
      const before = server.fingerprint();
      await server.stop();
      server = await startSshd({ port: server.port, name: 'redis1' });
      try {
        const password = { env: 'NEVER_SENT' };
        const again = connectHost(
          targetOf(server, { ...ssh, password }),
          unattended({ NEVER_SENT: 'hunter2' }),
        );
        await expect(again).rejects.toMatchObject({ stage: 'host-key', host: 'redis1' });
        await expect(again).rejects.toThrow(
          new RegExp(`${escape(server.fingerprint())}.*${file}:2.*${escape(before)}`),
        );
        expect(existsSync(file)).toBe(true);
        // sshd says so at LogLevel VERBOSE when a client as much as names its user.
        expect(server.log()).not.toMatch(/Accepted|Failed|[Ii]nvalid user|authenticating user/);
        // The remedy that is named works.
        const remedy = await again.then(
          () => '',
          (error: unknown) =>
            error instanceof ConnectError ? error.hints.find((hint) => hint.includes('-R')) : '',
        );
        execFileSync('/bin/sh', ['-c', (remedy ?? '').replace(/^.*right: /, '')], { stdio: 'ignore' });
        await (await connectHost(targetOf(server, ssh), unattended())).close();
      } finally {
        await server.stop();
      }
    });
  },
);

function escape(text: string): string {
  return text.replace(/[+/.]/g, '\\$&');
}

it('goes by HostKeyAlias where there is one', async () => {
  const config = join(directory, 'alias');
  writeFileSync(config, 'HostKeyAlias the-first\n', { mode: 0o600 });
  const known = knownHosts(`the-first ${sshd.hostKey()}\n`);
  for (const transport of ['ssh2', 'openssh'] as const) {
    expect(await outcome({ configFile: config, knownHostsFile: known, transport })).toBe('ok');
    const unknown = await outcome({ configFile: config, knownHostsFile: sshd.knownHosts, transport });
    expect(unknown).toMatchObject({ stage: 'host-key' });
  }
});
