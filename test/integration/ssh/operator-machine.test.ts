import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { connectHost } from '../../../src/ssh/connect.ts';
import { createCli } from '../../support/cli.ts';
import type { Sshd, TestUser } from '../../support/sshd.ts';
import { addUser, scratch, startSshd, targetOf, unattended } from '../../support/sshd.ts';

/** What the operator's own machine lacks: a passwd entry, a folder for temporary files, one to run programs in. */

const directory = scratch('operator-machine');
const usual = process.env['TMPDIR'];
let sshd: Sshd;
let user: TestUser;

beforeAll(async () => {
  user = addUser({});
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

it('an account without a passwd entry is told to name the user to log in as', async () => {
  const cli = await createCli(
    {
      cluster: 'nobodys',
      hosts: [{ name: 'redis1', address: '192.0.2.1', ports: [7000] }],
      mode: 'standalone',
    },
    { user: 'own', under: ['setpriv', '--reuid=4000001', '--regid=4000001', '--clear-groups'] },
  );
  try {
    execFileSync('chown', ['-R', '4000001:4000001', cli.dir]);
    const { code, stdout, stderr } = await cli.run('check');
    expect(code).not.toBe(70);
    expect(stdout + stderr).not.toMatch(/internal error|ENOENT|uv_os/);
    expect(stdout + stderr).toContain('ssh.user');
  } finally {
    await cli.close();
  }
});
