import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { recoverPassword } from '../../../src/operations/recover-password/recover.ts';
import { quote } from '../../../src/render/redis-conf.ts';
import { createFolders } from './folders.ts';
import type { Folders } from './folders.ts';

const all = ['r1', 'r2', 'r3'];
const secret = `it's "one" \\ #2 ü`;
let folders: Folders;
let output: string;

beforeEach(async () => {
  folders = await createFolders(3);
  output = folders.pathOn('operator', '/password');
});
afterEach(() => folders.close());

async function configure(
  host: string,
  password: string,
  { cluster = 'folders', port = 7000 } = {},
): Promise<void> {
  const path = folders.pathOn(host, `/etc/weedgo-redis/redis-${port}.conf`);
  await mkdir(dirname(path), { recursive: true });
  const header = `# managed by weedgo-redis; x\n# cluster: ${cluster}\n# node: ${host}:${port}\n`;
  await writeFile(path, `${header}port ${port}\nrequirepass ${quote(password)}\n`);
}

const recover = () => recoverPassword(folders.session(all), { output });

it('takes what most hosts have, and names the host that differs', async () => {
  for (const host of ['r1', 'r2']) await configure(host, secret);
  await configure('r3', 'older');
  await configure('r1', 'of another', { cluster: 'another', port: 7001 });
  const session = folders.session(all);
  expect(await recoverPassword(session, { output })).toEqual({
    file: output,
    changed: true,
    hosts: ['r1', 'r2'],
  });
  expect(await readFile(output, 'utf8')).toBe(`${secret}\n`);
  expect(session.events).toMatchObject([{ type: 'warning', host: 'r3' }]);
  expect(JSON.stringify(session.events)).not.toMatch(/older|it's/);
});

it('writes nothing where no majority agrees, and shows none of the passwords', async () => {
  for (const host of all) await configure(host, `of-${host}`);
  const failed: unknown = await recover().catch((error: unknown) => error);
  expect(failed).toMatchObject({
    kind: 'refused',
    hints: ['password 1: r1', 'password 2: r2', 'password 3: r3'],
  });
  expect(JSON.stringify(failed)).not.toContain('of-r');
  await expect(readFile(output)).rejects.toThrow('ENOENT');
});

it('does not count a host with two passwords, nor follow a link that another user may have laid', async () => {
  await configure('r1', secret);
  await configure('r2', secret);
  await configure('r2', 'other', { port: 7001 });
  const target = folders.pathOn('r3', '/elsewhere.conf');
  await configure('r3', secret);
  const conf = folders.pathOn('r3', '/etc/weedgo-redis/redis-7000.conf');
  await writeFile(target, await readFile(conf));
  await rm(conf);
  await symlink(target, conf);
  await expect(recover()).rejects.toThrow('no majority of the hosts');
  await rm(join(conf));
  await configure('r3', secret);
  expect((await recover()).hosts).toEqual(['r1', 'r3']);
});
