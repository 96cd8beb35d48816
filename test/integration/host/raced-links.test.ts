import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, lchown, mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { applySteps } from '../../../src/host/apply.ts';
import type { HostStep } from '../../../src/host/step.ts';
import { localShell } from '../../../src/ssh/local.ts';

/**
 * A server that was taken over puts a link in the place of its folder and takes it away again while root
 * works there: whatever moment root meets, nothing outside changes.
 */
const nobody = 65_534;
const isRoot = process.getuid?.() === 0;
const rounds = 25;
const shell = localShell('here');
let tools: string;
let base: string;
let victim: string;
let swapper: ChildProcess | undefined;

beforeAll(async () => {
  tools = await mkdtemp(join(tmpdir(), 'weedgo-redis-swap-'));
  await chmod(tools, 0o755);
  execFileSync('cc', ['-o', join(tools, 'swap'), join(import.meta.dirname, 'swap.c')]);
});
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'weedgo-redis-raced-'));
  await chmod(base, 0o755);
  victim = join(base, 'victim');
  await mkdir(join(victim, 'sub'), { recursive: true });
  await writeFile(join(victim, 'sub/keep'), 'of value');
  for (const folder of ['mine/spot/sub', 'data/sub']) await mkdir(join(base, folder), { recursive: true });
  await symlink(victim, join(base, 'mine/link'));
  await symlink(join(victim, 'sub'), join(base, 'data/link'));
  for (const name of ['mine', 'mine/spot', 'mine/spot/sub', 'data', 'data/sub'])
    await chown(join(base, name), nobody, nobody);
  for (const name of ['mine/link', 'data/link']) await lchown(join(base, name), nobody, nobody);
});
afterEach(async () => {
  const exited = swapper && once(swapper, 'exit');
  swapper?.kill('SIGKILL');
  await exited;
  swapper = undefined;
  await rm(base, { recursive: true });
});
afterAll(async () => {
  await shell.close();
  await rm(tools, { recursive: true });
});

/** As the server's user, and on until the test is over. */
async function swap(one: string, other: string): Promise<void> {
  const ids = [`--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', '--pdeathsig=KILL'];
  const program = [join(tools, 'swap'), join(base, one), join(base, other)];
  swapper = spawn('setpriv', [...ids, ...program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [said] = await Promise.race([once(swapper.stdout ?? swapper, 'data'), once(swapper, 'exit')]);
  expect(String(said)).toBe('swaps\n');
}

async function expectUntouched(): Promise<void> {
  expect(await stat(join(victim, 'sub/keep'))).toMatchObject({ uid: 0, size: 8 });
  for (const path of [victim, join(victim, 'sub')])
    expect(await stat(path)).toMatchObject({ uid: 0, mode: 0o40755 });
}

const access = { mode: '0777', owner: 'nobody', group: 'nogroup' };
const file = { content: '', secret: false, ...access };
const steps: readonly (() => HostStep)[] = [
  () => ({ kind: 'make-directory', directory: { path: join(base, 'mine/spot'), ...access } }),
  () => ({ kind: 'make-directory', directory: { path: join(base, 'mine/spot/sub'), ...access } }),
  () => ({
    kind: 'write-file',
    before: undefined,
    file: { path: join(base, 'mine/spot/sub/keep'), ...file },
  }),
  () => ({ kind: 'own-data', directory: join(base, 'mine/spot'), owner: 'nobody' }),
  () => ({
    kind: 'remove-path',
    path: join(base, 'mine/spot/sub'),
    recursive: true,
    why: 'test',
    group: 'nogroup',
  }),
  () => ({
    kind: 'remove-path',
    path: join(base, 'mine/spot/sub/keep'),
    recursive: false,
    why: 'test',
    group: 'nogroup',
  }),
];

test.skipIf(!isRoot)('a folder that is swapped for a link all the time: what it leads to stays', async () => {
  await swap('mine/spot', 'mine/link');
  for (let round = 0; round < rounds; round += 1) {
    for (const step of steps) await applySteps(shell, [step()]).catch(() => undefined);
    await expectUntouched();
  }
});

test.skipIf(!isRoot)(
  'a folder within the data that is swapped for a link: only the data is given',
  async () => {
    const names = Array.from({ length: 200 }, (_, index) => `file${index}`);
    // As a server that root ran by hand leaves them, and the same names where the link leads.
    for (const name of names)
      for (const folder of ['data/sub', 'victim/sub']) await writeFile(join(base, folder, name), '');
    await swap('data/sub', 'data/link');
    for (let round = 0; round < 3; round += 1) {
      await applySteps(shell, [{ kind: 'own-data', directory: join(base, 'data'), owner: 'nobody' }]).catch(
        () => undefined,
      );
    }
    for (const name of names) expect(await stat(join(victim, 'sub', name))).toMatchObject({ uid: 0 });
    await expectUntouched();
  },
);
