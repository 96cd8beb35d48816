import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectHost } from '../../../src/ssh/connect.ts';
import type { Shell } from '../../../src/ssh/shell.ts';
import type { SshTarget } from '../../../src/ssh/target.ts';
import type { Sshd, TestUser } from '../../support/sshd.ts';
import {
  addUser,
  allowSudo,
  needPackage,
  scratch,
  startSshd,
  targetOf,
  unattended,
} from '../../support/sshd.ts';

/** Nothing depends on what a login says or on which shell it has. */

const transports = ['ssh2', 'openssh'] as const;
const users: TestUser[] = [];
const directory = scratch('logins');
let sshd: Sshd;

const newUser = (shell?: string): TestUser => {
  const user = addUser(shell === undefined ? {} : { shell });
  allowSudo(user, '%u ALL=(root) NOPASSWD: ALL');
  users.push(user);
  return user;
};
const target = (user: TestUser, transport: 'ssh2' | 'openssh'): SshTarget =>
  targetOf(sshd, { transport, user: user.name });

/** A script with everything in it that a shell could trip over, as the user and as root. */
const expectClean = async (shell: Shell): Promise<void> => {
  for (const asRoot of [false, true]) {
    const script = `printf '%s\\n' "it's \\"$(echo in)side\\" !1 \\\\n $((1+1))"; cat; echo err >&2; exit 5`;
    expect(await shell.run({ script, stdin: 'data', asRoot })).toEqual({
      code: 5,
      stdout: `it's "inside" !1 \\n 2\ndata`,
      stderr: 'err\n',
    });
  }
};

beforeAll(async () => {
  needPackage('sudo');
  needPackage('fish');
  needPackage('csh');
  needPackage('zsh');
  const banner = join(directory, 'banner');
  writeFileSync(banner, 'AUTHORISED USE ONLY\nSSH-2.0-not-a-server\nweedgo-redis:exit 1\n');
  sshd = await startSshd({ name: 'redis1', config: `Banner ${banner}\nPrintMotd yes\nPrintLastLog yes` });
});
afterAll(async () => {
  await sshd.stop();
  for (const user of users) user.remove();
});

describe.each(transports)('over %s', (transport) => {
  it.each(['/bin/bash', '/bin/sh', '/usr/bin/fish', '/usr/bin/csh', '/usr/bin/zsh'])(
    'a login shell %s does, with a banner',
    async (program) => {
      const shell = await connectHost(target(newUser(program), transport), unattended());
      await expectClean(shell);
      await shell.close();
    },
  );

  it('start-up files that are noisy on both outputs do', async () => {
    const noise = 'echo noise; echo more noise >&2; printf "no newline"; printf "Welcome\\n\\n" >&2\n';
    const bash = newUser();
    writeFileSync(join(bash.home, '.bashrc'), noise);
    const csh = newUser('/usr/bin/csh');
    writeFileSync(join(csh.home, '.cshrc'), 'echo noise\nprintf "no newline"\n');
    const fish = newUser('/usr/bin/fish');
    mkdirSync(join(fish.home, '.config/fish'), { recursive: true });
    writeFileSync(join(fish.home, '.config/fish/config.fish'), 'echo noise\necho more >&2\n');
    for (const user of [bash, csh, fish]) {
      const shell = await connectHost(target(user, transport), unattended());
      await expectClean(shell);
      await shell.close();
    }
  });

  it('start-up files that read stdin, change options and set umask and IFS do', async () => {
    const user = newUser();
    writeFileSync(
      join(user.home, '.bashrc'),
      'set -f; umask 077; IFS=x; export IFS; export POSIXLY_CORRECT=1; cd /tmp\n',
    );
    const shell = await connectHost(target(user, transport), unattended());
    await expectClean(shell);
    await shell.close();
  });

  it('a home that is read-only, or not there, does', async () => {
    const locked = newUser();
    execFileSync('chown', ['root:root', locked.home]);
    execFileSync('chmod', ['555', locked.home]);
    const homeless = newUser();
    execFileSync('rm', ['-rf', homeless.home]);
    for (const user of [locked, homeless]) {
      const shell = await connectHost(target(user, transport), unattended());
      await expectClean(shell);
      await shell.close();
    }
  });

  it('an account that runs no commands is an error that shows what it said', async () => {
    const user = newUser('/usr/sbin/nologin');
    const refusal = connectHost(target(user, transport), unattended());
    await expect(refusal).rejects.toThrow(
      /redis1 did not run a script; it said: .*account is currently not available/is,
    );
    await expect(refusal).rejects.toMatchObject({
      hints: expect.arrayContaining([expect.stringContaining('login shell')]),
    });
  });

  it('an expired password is an error that shows what the login said, with that as what to do', async () => {
    const pam = await startSshd({ name: 'redis1', config: 'UsePAM yes' });
    const user = newUser();
    execFileSync('chage', ['--lastday', '0', user.name]);
    const refusal = connectHost(targetOf(pam, { transport, user: user.name }), unattended());
    await expect(refusal).rejects.toThrow(/it said: [^]*(change your password|password change)/i);
    await expect(refusal).rejects.toMatchObject({
      hints: [
        'Do what it says, or log in to redis1 once by hand to see why.',
        expect.stringContaining('login shell'),
      ],
    });
    await pam.stop();
  });

  it('a server that forces a command is an error that shows what it said', async () => {
    const forced = await startSshd({ name: 'redis1', config: 'ForceCommand echo only this; exit 0' });
    const refusal = connectHost(targetOf(forced, { transport }), unattended());
    await expect(refusal).rejects.toThrow(/redis1 did not run a script; it said: only this/);
    await forced.stop();
  });

  it('a /tmp that nothing may be run from does, and nothing is written there', async () => {
    // Where each process has a /tmp of its own: noexec, and full.
    const wrapper = join(directory, 'shell');
    execFileSync('chmod', ['755', directory]);
    writeFileSync(
      wrapper,
      `#!/bin/sh\nexec unshare -m /bin/sh -c 'mount -t tmpfs -o noexec,ro none /tmp && exec /bin/bash "$@"' sh "$@"\n`,
      { mode: 0o755 },
    );
    const noexec = await startSshd({
      name: 'redis1',
      config: `ForceCommand ${wrapper} -c "$SSH_ORIGINAL_COMMAND"`,
    });
    const shell = await connectHost(targetOf(noexec, { transport }), unattended());
    expect((await shell.run({ script: 'grep " /tmp .*noexec" /proc/mounts' })).code).toBe(0);
    await expectClean(shell);
    await shell.close();
    await noexec.stop();
  });
});
