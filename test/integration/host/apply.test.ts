import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { InterruptedError } from '../../../src/base/errors.ts';
import { applySteps } from '../../../src/host/apply.ts';
import { StepFailedError } from '../../../src/host/step-failure.ts';
import type { FileSpec, HostStep } from '../../../src/host/step.ts';
import { localShell } from '../../../src/ssh/local.ts';
import type { Shell } from '../../../src/ssh/shell.ts';

const shell = localShell('here');
const own = { owner: undefined, group: undefined };
let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'weedgo-host-'));
});
afterEach(async () => {
  await rm(dir, { recursive: true });
});

const file = (name: string, content: string, mode = '0640'): FileSpec => ({
  path: join(dir, name),
  mode,
  ...own,
  content,
  secret: false,
});
const write = (spec: FileSpec, before?: string): HostStep => ({ kind: 'write-file', file: spec, before });
const stop = (dataDirectory: string, pidFile: string): HostStep => ({
  kind: 'stop-service',
  service: {
    manager: 'daemon',
    node: 'n',
    configFile: '/none',
    pidFile,
    dataDirectory,
    port: 1,
    logFile: '/none',
    serverPath: '/none',
  },
});

test('a file arrives byte by byte, with its mode, and leaves nothing beside it', async () => {
  const content = `requirepass "a'b$(touch /tmp/never)\`x\`\\n"\nEND-OF-FILE\n${'ü€𝄞'.repeat(30_000)}\n\ttail without newline`;
  await applySteps(shell, [
    { kind: 'make-directory', directory: { path: join(dir, "it's here/deep"), mode: '0750', ...own } },
    write(file("it's here/deep/redis.conf", content)),
    write(file('empty', '')),
  ]);
  const path = join(dir, "it's here/deep/redis.conf");
  expect(await readFile(path, 'utf8')).toBe(content);
  expect((await stat(path)).mode & 0o777).toBe(0o640);
  expect((await stat(join(dir, "it's here/deep"))).mode & 0o777).toBe(0o750);
  expect(await readFile(join(dir, 'empty'), 'utf8')).toBe('');
});

test('a file that is there is replaced, not written into', async () => {
  await writeFile(join(dir, 'conf'), 'old', { mode: 0o666 });
  const before = await stat(join(dir, 'conf'));
  await applySteps(shell, [write(file('conf', 'new'), 'old')]);
  const after = await stat(join(dir, 'conf'));
  expect(await readFile(join(dir, 'conf'), 'utf8')).toBe('new');
  expect([after.mode & 0o777, after.ino === before.ino]).toEqual([0o640, false]);
});

test('steps are told as they happen, in order', async () => {
  const told: string[] = [];
  await applySteps(shell, [write(file('a', '1')), write(file('b', '2'))], {
    onStep: (step, state) =>
      told.push(`${state} ${step.kind === 'write-file' ? step.file.path.slice(-1) : ''}`),
  });
  expect(told).toEqual(['started a', 'done a', 'started b', 'done b']);
});

test('the first failure ends it, and the error accounts for every step', async () => {
  const steps = [write(file('a', '1')), write(file('missing/b', '2')), write(file('c', '3'))];
  const error = await applySteps(shell, steps).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(StepFailedError);
  expect(error).toMatchObject({ host: 'here', done: [steps[0]], failed: [steps[1]], notDone: [steps[2]] });
  expect(String(error)).toContain(`here: could not write ${join(dir, 'missing/b')}`);
  expect(String(error)).toContain(`can't cd to ${join(dir, 'missing')}`);
  await expect(stat(join(dir, 'c'))).rejects.toThrow('ENOENT');
});

test('a file never takes the place of a directory', async () => {
  const steps: HostStep[] = [
    { kind: 'make-directory', directory: { path: join(dir, 'conf'), mode: '0700', ...own } },
    write(file('conf', 'x')),
  ];
  await expect(applySteps(shell, steps)).rejects.toThrow('is a directory');
});

test('an interruption lets the step under way finish and begins no other', async () => {
  const controller = new AbortController();
  let toldToStop: Promise<unknown> | undefined;
  const watched: Shell = {
    ...shell,
    run: (request) => {
      const result = shell.run(request);
      if (request.script.startsWith('kill')) toldToStop = result;
      return result;
    },
  };
  // Stands for a server that takes its time to save: it ends when its stdin does.
  const server = spawn('sh', ['-c', 'trap "" TERM; echo ready; cat'], { cwd: dir });
  const exited = once(server, 'exit');
  await once(server.stdout, 'data');
  await writeFile(join(dir, 'pid'), `${server.pid}\n`);
  const steps = [stop(dir, join(dir, 'pid')), write(file('after', '1'))];
  const applying = applySteps(watched, steps, {
    signal: controller.signal,
    onStep: (_, state) => {
      if (state !== 'started') return;
      controller.abort();
      void toldToStop?.finally(() => server.stdin.end());
    },
  });
  const error = await applying.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(InterruptedError);
  expect(error).toMatchObject({
    hints: [expect.stringContaining('stop n'), expect.stringContaining('after'), expect.anything()],
  });
  expect(await exited).toEqual([0, null]);
  await expect(stat(join(dir, 'after'))).rejects.toThrow('ENOENT');
});

test('only a path below a folder of ours can be removed', async () => {
  await applySteps(shell, [
    { kind: 'make-directory', directory: { path: join(dir, 'data/a b'), mode: '0700', ...own } },
    write(file('data/a b/x', '1')),
    { kind: 'remove-path', path: join(dir, 'data'), recursive: true, why: 'test' },
  ]);
  await expect(stat(join(dir, 'data'))).rejects.toThrow('ENOENT');
  for (const path of [
    '/',
    '/etc',
    '/var/lib',
    'relative/path/x',
    '/var/lib/',
    '/var/lib/../..',
    '/var//lib',
  ]) {
    await expect(
      applySteps(shell, [{ kind: 'remove-path', path, recursive: true, why: 'test' }]),
    ).rejects.toThrow('refusing to remove');
  }
});
