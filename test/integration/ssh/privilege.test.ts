import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { connectHost, connectHosts } from '../../../src/ssh/connect.ts';
import type { Become, SshTarget } from '../../../src/ssh/target.ts';
import type { ConnectOptions } from '../../../src/ssh/options.ts';
import type { Sshd, TestUser } from '../../support/sshd.ts';
import {
  addUser,
  allowSudo,
  attended,
  needPackage,
  startSshd,
  targetOf,
  unattended,
  until,
} from '../../support/sshd.ts';

const transports = ['ssh2', 'openssh'] as const;
const password = `a 'b" $HOME \\ $(id) é`;
const becomePassword = { env: 'BECOME' };
let sshd: Sshd;
const users: TestUser[] = [];

const newUser = (sudoers?: string, options: Parameters<typeof addUser>[0] = { password }): TestUser => {
  const user = addUser(options);
  users.push(user);
  if (sudoers !== undefined) allowSudo(user, sudoers);
  return user;
};
const target = (user: string, transport: 'ssh2' | 'openssh', become: Become = true): SshTarget => ({
  ...targetOf(sshd, { transport, user }),
  become,
});
const withPassword = (value = password): ConnectOptions => ({
  ...unattended({ BECOME: value }),
  becomePassword,
});
/** What root's id, stdin, both outputs and the exit code are like. */
const tryRoot = async (host: SshTarget, options: ConnectOptions) => {
  const shell = await connectHost(host, options);
  try {
    const result = await shell.run({
      script: 'id -un; cat; echo err >&2; exit 3',
      stdin: 'data\n',
      asRoot: true,
    });
    const plain = await shell.run({ script: 'id -un' });
    return { ...result, plain: plain.stdout.trim() };
  } finally {
    await shell.close();
  }
};
const asRoot = (plain: string) => ({ code: 3, stdout: 'root\ndata\n', stderr: 'err\n', plain });
/** How often sudo refused a password, by the log that sudo itself keeps. */
const sudoLog = (user: TestUser): string => {
  try {
    return readFileSync(`/var/log/sudo-${user.name}.log`, 'utf8');
  } catch {
    return '';
  }
};

beforeAll(async () => {
  needPackage('sudo');
  needPackage('doas', 'opendoas');
  sshd = await startSshd({ name: 'redis1' });
});
afterEach(() => rmSync('/etc/doas.conf', { force: true }));
afterAll(async () => {
  await sshd.stop();
  for (const user of users) {
    user.remove();
    rmSync(`/var/log/sudo-${user.name}.log`, { force: true });
  }
});

describe.each(transports)('becoming root over %s', (transport) => {
  it('is not needed for root, with or without become', async () => {
    for (const become of [true, false] as const) {
      expect(await tryRoot(target('root', transport, become), unattended())).toEqual(asRoot('root'));
    }
  });

  it('works by sudo without a password', async () => {
    const user = newUser('%u ALL=(root) NOPASSWD: ALL');
    expect(await tryRoot(target(user.name, transport), unattended())).toEqual(asRoot(user.name));
    expect(await tryRoot(target(user.name, transport, 'sudo'), unattended())).toEqual(asRoot(user.name));
  });

  it('works by sudo with a password of spaces, quotes and dollars, from a source', async () => {
    const user = newUser('%u ALL=(root) ALL');
    expect(await tryRoot(target(user.name, transport), withPassword())).toEqual(asRoot(user.name));
  });

  it('asks for a sudo password once for all hosts', async () => {
    const user = newUser('%u ALL=(root) ALL');
    const options = attended([[/sudo password/, password]]);
    const targets = ['redis1', 'redis2', 'redis3'].map((name) => ({ ...target(user.name, transport), name }));
    const { shells, unreachable } = await connectHosts(targets, options);
    expect([...unreachable.values()]).toEqual([]);
    expect(options.asked).toHaveLength(1);
    await Promise.all([...shells.values()].map(async (shell) => await shell.close()));
  });

  it('does not care whether sudo remembers the password', async () => {
    for (const remembers of ['timestamp_timeout=0', 'timestamp_timeout=30,timestamp_type=global']) {
      const user = newUser(`Defaults:%u ${remembers}\n%u ALL=(root) ALL`);
      const shell = await connectHost(target(user.name, transport), withPassword());
      for (let time = 0; time < 3; time++) {
        const run = shell.run({ script: 'id -un; cat', stdin: `${time}`, asRoot: true });
        expect(await run).toEqual({ code: 0, stdout: `root\n${time}`, stderr: '' });
      }
      await shell.close();
    }
  });

  it('tells a wrong sudo password at once, after one try', async () => {
    const user = newUser('Defaults:%u logfile=/var/log/sudo-%u.log\n%u ALL=(root) ALL');
    const refusal = tryRoot(target(user.name, transport), withPassword('wrong'));
    await expect(refusal).rejects.toMatchObject({ stage: 'privilege', host: 'redis1' });
    await expect(refusal).rejects.toThrow(
      `sudo on redis1 refused the password of becomePassword for ${user.name}`,
    );
    expect(sudoLog(user)).toMatch(/1 incorrect password attempt/);
    expect(sudoLog(user)).not.toMatch(/[23] incorrect/);
  });

  it('says that a password is wanted where nobody gives one', async () => {
    const user = newUser('%u ALL=(root) ALL');
    const refusal = tryRoot(target(user.name, transport), unattended());
    await expect(refusal).rejects.toThrow(`sudo on redis1 wants the password of ${user.name}`);
    await expect(refusal).rejects.toMatchObject({ hints: [expect.stringContaining('becomePassword')] });
  });

  it('says what sudo says where the user may not', async () => {
    const stranger = newUser();
    const refusal = tryRoot(target(stranger.name, transport), withPassword());
    await expect(refusal).rejects.toThrow(/does not let .* be root: .*not in the sudoers file/);
    const limited = newUser('%u ALL=(root) NOPASSWD: /bin/true');
    await expect(tryRoot(target(limited.name, transport), withPassword())).rejects.toMatchObject({
      stage: 'privilege',
    });
  });

  it('survives requiretty, with and without a password, and output stays clean', async () => {
    const free = newUser('Defaults:%u requiretty\n%u ALL=(root) NOPASSWD: ALL');
    expect(await tryRoot(target(free.name, transport), unattended())).toEqual(asRoot(free.name));
    const bound = newUser('Defaults:%u requiretty\n%u ALL=(root) ALL');
    expect(await tryRoot(target(bound.name, transport), withPassword())).toEqual(asRoot(bound.name));
    const shell = await connectHost(target(bound.name, transport), withPassword());
    const data = Buffer.alloc(3_000_000, '\u0003\u0004\r\n\u0000');
    expect((await shell.run({ script: 'wc -c; tty', stdin: data, asRoot: true })).stdout).toMatch(
      /^3000000\n/,
    );
    const marker = `/tmp/weedgo-tty-${bound.name}`;
    const late = shell.run({ script: `echo $$ > ${marker}; sleep 600`, asRoot: true, timeoutMs: 3_000 });
    await expect(late).rejects.toThrow(/not done/);
    await until(() => !alive(marker));
    rmSync(marker);
    await shell.close();
    const wrong = tryRoot(target(bound.name, transport), withPassword('wrong'));
    await expect(wrong).rejects.toThrow(/refused the password/);
  });

  it('survives use_pty, and a lecture', async () => {
    const user = newUser('Defaults:%u use_pty,lecture=always\n%u ALL=(root) ALL');
    expect(await tryRoot(target(user.name, transport), withPassword())).toEqual(asRoot(user.name));
  });

  it('survives a changed PATH on both sides', async () => {
    const user = newUser('Defaults:%u secure_path=/nowhere\n%u ALL=(root) NOPASSWD: ALL');
    writeFileSync(`${user.home}/.bashrc`, 'PATH=/nowhere/at/all\n');
    expect(await tryRoot(target(user.name, transport), unattended())).toEqual(asRoot(user.name));
  });

  it('kills what runs as root at the deadline', async () => {
    const user = newUser('%u ALL=(root) ALL');
    const shell = await connectHost(target(user.name, transport), withPassword());
    const marker = `/tmp/weedgo-root-${user.name}`;
    const late = shell.run({ script: `echo $$ > ${marker}; sleep 600`, asRoot: true, timeoutMs: 3_000 });
    await expect(late).rejects.toThrow(/not done/);
    await until(() => !alive(marker));
    rmSync(marker);
    await shell.close();
  });

  it('works by doas without a password, and says that it cannot with one', async () => {
    const user = newUser();
    writeFileSync('/etc/doas.conf', `permit nopass ${user.name} as root\n`, { mode: 0o600 });
    expect(await tryRoot(target(user.name, transport, 'doas'), unattended())).toEqual(asRoot(user.name));
    expect(await tryRoot(target(user.name, transport), unattended())).toEqual(asRoot(user.name));
    writeFileSync('/etc/doas.conf', `permit ${user.name} as root\n`, { mode: 0o600 });
    const refusal = tryRoot(target(user.name, transport, 'doas'), withPassword());
    await expect(refusal).rejects.toMatchObject({
      stage: 'privilege',
      hints: [expect.stringContaining('nopass')],
    });
  });

  it('refuses with become: false when the script is to run as root, and not before', async () => {
    const user = newUser();
    const shell = await connectHost(target(user.name, transport, false), unattended());
    expect((await shell.run({ script: 'id -un' })).stdout.trim()).toBe(user.name);
    await expect(shell.run({ script: ':', asRoot: true })).rejects.toThrow(
      `${user.name} is not root on redis1`,
    );
    await shell.close();
  });

  it('connects all the same when it is only to be tried', async () => {
    const user = newUser('%u ALL=(root) ALL');
    const shell = await connectHost(target(user.name, transport), { ...unattended(), privilege: 'try' });
    expect((await shell.run({ script: 'id -un' })).stdout.trim()).toBe(user.name);
    await expect(shell.run({ script: ':', asRoot: true })).rejects.toMatchObject({ stage: 'privilege' });
    await shell.close();
  });

  it('shows the password to nobody while it runs', async () => {
    const user = newUser('%u ALL=(root) ALL');
    const shell = await connectHost(target(user.name, transport), withPassword());
    const look = 'cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr "\\0" "\\n"';
    const { stdout } = await shell.run({ script: `secret_of_script=1; ${look}`, asRoot: true });
    await shell.close();
    expect(stdout).toContain('sudo\n-S');
    for (const part of [password, `$(id) é`, 'secret_of_script']) expect(stdout).not.toContain(part);
  });
});

function alive(pidFile: string): boolean {
  try {
    process.kill(Number(readFileSync(pidFile, 'utf8')), 0);
    return true;
  } catch {
    return false;
  }
}
