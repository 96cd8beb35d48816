import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { connectHost } from '../../../src/ssh/connect.ts';
import { createCli } from '../../support/cli.ts';
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

/**
 * What the operator's own machine lacks: a passwd entry, a folder for temporary files, one to run programs
 * in.
 */

const directory = scratch('operator-machine');
const usual = process.env['TMPDIR'];
let sshd: Sshd;
let user: TestUser;

beforeAll(async () => {
  needPackage('sudo');
  user = addUser({});
  allowSudo(user, '%u ALL=(root) NOPASSWD: ALL');
  sshd = await startSshd({ name: 'redis1' });
});
afterEach(() => {
  if (usual === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = usual;
});
afterAll(async () => {
  await sshd.stop();
  user.remove();
});

async function expectWorks(): Promise<void> {
  const shell = await connectHost(targetOf(sshd, { transport: 'openssh', user: user.name }), unattended());
  expect(await shell.run({ script: 'echo there' })).toMatchObject({ code: 0, stdout: 'there\n' });
  await shell.close();
}

it('TMPDIR names a folder that is not there: ssh gets another one', async () => {
  process.env['TMPDIR'] = join(directory, 'missing');
  await expectWorks();
});

it('TMPDIR is mounted noexec, as hardening guides want /tmp: ssh gets another one', async () => {
  const path = join(directory, 'noexec');
  mkdirSync(path);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'noexec,size=1m', 'tmpfs', path]);
  try {
    process.env['TMPDIR'] = path;
    await expectWorks();
  } finally {
    execFileSync('umount', [path]);
  }
});

it.each([
  ['with an ssh client', undefined, 'No user exists for uid 4000001'],
  ['without an ssh client', '/nonexistent', 'ssh.user'],
])('an account without a passwd entry, %s: the reason is said, and no defect', async (_, path, says) => {
  const cli = await createCli(
    {
      cluster: 'nobodys',
      mode: 'standalone',
      auth: { password: { env: 'NOBODYS_PASSWORD' } },
      hosts: [{ name: 'redis1', address: '192.0.2.1', ports: [7000] }],
    },
    {
      env: { NOBODYS_PASSWORD: 'a-password-of-nobody', ...(path !== undefined && { PATH: path }) },
      user: 'own',
      under: ['/usr/bin/setpriv', '--reuid=4000001', '--regid=4000001', '--clear-groups'],
    },
  );
  try {
    execFileSync('chown', ['-R', '4000001:4000001', cli.dir]);
    const { stdout, stderr } = await cli.run('check');
    expect(stdout + stderr).not.toMatch(/internal error|ENOENT|uv_os/);
    expect(stdout + stderr).toContain(says);
  } finally {
    await cli.close();
  }
});
