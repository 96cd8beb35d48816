import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { changing } from '../../../src/session/changing.ts';
import { until } from '../../support/until.ts';
import { createFolders, type Folders } from './folders.ts';

let folders: Folders;
let holder: ChildProcess;

beforeAll(async () => {
  folders = await createFolders(5);
  const child = join(import.meta.dirname, 'folders-child.ts');
  holder = spawn(process.execPath, ['--import', 'tsx', child], {
    stdio: 'inherit',
    env: { ...process.env, ROOT: folders.root },
  });
});
afterAll(async () => {
  holder.kill('SIGKILL');
  await folders.close();
});

const written = (): Promise<readonly (string | undefined)[]> =>
  Promise.all(
    ['r1', 'r2', 'r3'].map((host) =>
      readFile(folders.pathOn(host, '/written'), 'utf8').catch(() => undefined),
    ),
  );
const lockOn = async (host: string): Promise<string> =>
  (await readFile(folders.pathOn(host, '/run/weedgo-redis/folders.lock'), 'utf8')).split('\n')[0] ?? '';

it('an operator who was stopped changes nothing more where two operators hold the lock of different hosts', async () => {
  await until(() => readFile(folders.pathOn('r1', '/written')));
  const token = await lockOn('r1');
  holder.kill('SIGSTOP');
  let before: unknown;
  // Another reaches the other majority: one host of the first, which makes it wait until the lease is over.
  const second = (): Promise<void> =>
    changing(folders.session(['r3', 'r4', 'r5']), { command: 'other', reason: 'other' }, async () => {
      expect([await lockOn('r1'), await lockOn('r2')]).toEqual([token, token]);
      expect(await lockOn('r3')).not.toBe(token);
      // A step that was under way on its host has ended long ago.
      before = await written();
      const exited = once(holder, 'exit');
      holder.kill('SIGCONT');
      await exited;
    });
  await until(second, { timeoutMs: 60_000 });
  expect(await written()).toEqual(before);
  const told = JSON.parse(await readFile(join(folders.root, 'told'), 'utf8')) as readonly string[];
  expect(told).toHaveLength(5);
  for (const each of told) expect(each).toContain('the lock was lost: 0 of 3 hosts have confirmed it');
});
