import { chmod, chown, lchown, mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { applySteps } from '../../../src/host/apply.ts';
import type { HostStep } from '../../../src/host/step.ts';
import { localShell } from '../../../src/ssh/local.ts';

/**
 * What root removes, makes or gives away must lie where no other user can put something else in its place.
 */
const nobody = 65_534;
const isRoot = process.getuid?.() === 0;
const shell = localShell('here');
let base: string;
let victim: string;

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'weedgo-redis-planted-'));
  await chmod(base, 0o755);
  victim = join(base, 'victim');
  await mkdir(join(victim, 'data'), { recursive: true });
  await writeFile(join(victim, 'data/keep'), 'of value');
  await mkdir(join(base, 'mine/data'), { recursive: true });
  await writeFile(join(base, 'mine/data/x'), '');
  await chown(join(base, 'mine'), nobody, nobody);
  // In the place of a folder of the tool, a link to somebody else's.
  await symlink(victim, join(base, 'mine/link'));
  await lchown(join(base, 'mine/link'), nobody, nobody);
});
afterAll(() => shell.close());

const remove = (path: string, recursive: boolean): HostStep => ({
  kind: 'remove-path',
  path: join(base, path),
  recursive,
  why: 'test',
  group: 'nogroup',
});
const directory = { mode: '0777', owner: 'nobody', group: 'nogroup' };

test.skipIf(!isRoot).each<[string, () => HostStep]>([
  ['a folder is not removed through a planted link', () => remove('mine/link/data', true)],
  ['a file is not removed through a planted link', () => remove('mine/link/data/keep', false)],
  [
    'a folder gets no other owner through a planted link',
    () => ({ kind: 'make-directory', directory: { path: join(base, 'mine/link/data'), ...directory } }),
  ],
  [
    'a file is not replaced through a planted link',
    () => ({
      kind: 'write-file',
      before: undefined,
      file: { path: join(base, 'mine/link/data/keep'), content: '', secret: false, ...directory },
    }),
  ],
  [
    'files are not given away through a planted link',
    () => ({ kind: 'own-data', directory: join(base, 'mine/link/data'), owner: 'nobody' }),
  ],
])('%s', async (_, step) => {
  await expect(applySteps(shell, [step()])).rejects.toThrow();
  expect(await stat(join(victim, 'data/keep'))).toMatchObject({ uid: 0, size: 8 });
  expect(await stat(join(victim, 'data'))).toMatchObject({ uid: 0, mode: 0o40755 });
  await rm(base, { recursive: true });
});

test.skipIf(!isRoot)('below a folder of another user nothing is removed as root', async () => {
  await expect(applySteps(shell, [remove('mine/data', true)])).rejects.toThrow();
  expect(await stat(join(base, 'mine/data/x'))).toMatchObject({ size: 0 });
  await applySteps(shell, [remove('victim/data/keep', false), remove('victim/data', true)]);
  await expect(stat(join(victim, 'data'))).rejects.toThrow('ENOENT');
  await rm(base, { recursive: true });
});
