import { execFileSync } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { applySteps } from '../../../src/host/apply.ts';
import { factsContext } from '../../../src/host/context.ts';
import { server } from '../../../src/host/facts/server.ts';
import { desiredHost } from '../../../src/host/desired.ts';
import { planDestroy } from '../../../src/host/destroy.ts';
import { readFacts } from '../../../src/host/facts/read.ts';
import { planHost } from '../../../src/host/plan.ts';
import { planStop } from '../../../src/host/planning/stops.ts';
import type { PlanInput } from '../../../src/host/planning/input.ts';
import { requireHost } from '../../../src/host/require.ts';
import { StepFailedError } from '../../../src/host/step-failure.ts';
import { describeStep } from '../../../src/host/step.ts';
import type { Inventory } from '../../../src/inventory/inventory.ts';
import { localShell } from '../../../src/ssh/local.ts';
import { localInventory } from '../../support/inventory.ts';

const shell = localShell('local');
const secrets = { password: `it's "quoted" $HOME`, application: undefined };
let state: string;

beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), 'weedgo-state-'));
  process.env.XDG_STATE_HOME = state;
});
afterAll(async () => {
  const { facts, desired } = await look();
  await applySteps(shell, planStop(desired.services, facts));
  await rm(state, { recursive: true });
});

const ports = [17200, 17201, 17202];

/** Masters that hold so little that the disk under the state folder, a tmpfs perhaps, is large enough. */
function masters(at: readonly number[], maxmemory = '64mb'): Inventory {
  return localInventory(at, { replicas: 0, config: { maxmemory } });
}

async function look(inventory = masters(ports)): Promise<PlanInput> {
  const [host] = inventory.hosts;
  if (!host) throw new Error('no host');
  const facts = await readFacts(shell, factsContext(inventory, host));
  return { inventory, host, facts, desired: desiredHost({ inventory, host, facts, secrets }), word: {} };
}

const kinds = (input: PlanInput): readonly string[] => planHost(input).map(({ kind }) => kind);

test('plan, apply, look again: nothing is left to do', async () => {
  const before = await look();
  expect(requireHost(before)).toEqual([]);
  expect(kinds(before)).toEqual([
    ...Array.from({ length: 7 }, () => 'make-directory'),
    ...ports.map(() => 'write-file'),
    ...ports.map(() => 'start-service'),
  ]);
  await applySteps(shell, planHost(before));

  const after = await look();
  expect(planHost(after).map(describeStep)).toEqual([]);
  expect(requireHost(after)).toEqual([]);
  expect(Object.keys(after.facts.processes)).toEqual(['local:17200', 'local:17201', 'local:17202']);
  const { pid, started, openFilesLimit } = after.facts.processes['local:17200'] ?? {
    pid: 0,
    started: 0,
    openFilesLimit: 0,
  };
  expect(Math.abs(started - after.facts.clock.now)).toBeLessThan(60_000);
  expect(openFilesLimit).toBeGreaterThan(0);
  const listener = after.facts.listeners.find(({ port }) => port === 17200);
  expect(listener).toMatchObject({ address: '127.0.0.1', pid, process: 'redis-server' });
  expect(after.facts.listeners.map(({ port }) => port)).toEqual(
    expect.arrayContaining([17200, 27200, 17201, 27201]),
  );
});

test('a stopped node is started again, and only that', async () => {
  const running = await look();
  const [first] = running.desired.services;
  await applySteps(shell, planStop(first ? [first] : [], running.facts));
  const stopped = await look();
  expect(planHost(stopped).map(describeStep)).toEqual([expect.stringContaining('start local:17200')]);
  await applySteps(shell, planHost(stopped));
  expect(planHost(await look())).toEqual([]);
});

test('a node whose process is stopped by SIGSTOP still ends in order', async () => {
  const running = await look();
  const [service] = running.desired.services;
  if (service?.manager !== 'daemon') throw new Error('no daemon');
  process.kill(Number(await readFile(service.pidFile, 'utf8')), 'SIGSTOP');
  await applySteps(shell, planStop([service], running.facts));
  expect(await readFile(service.logFile, 'utf8')).toMatch(/bye bye/);
  await applySteps(shell, planHost(await look()));
});

test('a changed setting is one file to write, and nothing to restart', async () => {
  const changed = await look(masters(ports, '65mb'));
  expect(kinds(changed)).toEqual(ports.map(() => 'write-file'));
});

test('a pid file that is older than the process with its pid is not believed: the node is found by its folder', async () => {
  const { facts, desired } = await look();
  const [service] = desired.services;
  if (service?.manager !== 'daemon') throw new Error('no daemon');
  const real = await readFile(service.pidFile, 'utf8');
  await writeFile(service.pidFile, `${process.pid}\n`);
  const misled = await look();
  expect(misled.facts.processes[service.node]).toEqual(facts.processes[service.node]);
  expect(requireHost(misled)).toEqual([]);
  await writeFile(service.pidFile, real);
  expect((await look()).facts.processes[service.node]).toEqual(facts.processes[service.node]);
});

test("a node that does not come up: its own log says why, and the other's start is done", async () => {
  const inventory = masters([17203, 17200, 17204]);
  const other = masters([17203, 17204, 17205]);
  const broken = await look({ ...other, cluster: 'broken', config: { 'maxmemory-policy': 'nonsense' } });
  const error: unknown = await applySteps(shell, planHost(broken)).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(StepFailedError);
  expect(error).toMatchObject({ host: 'local', node: 'local:17203' });
  expect(String(error)).toContain('maxmemory-policy "nonsense"');
  expect(String(error)).not.toContain(secrets.password);

  // Another process has the port: it is named before anything is done, and by the log when it came in
  // between.
  const taken = await look({ ...inventory, cluster: 'taken' });
  expect(requireHost(taken).map(({ message }) => message)).toEqual([
    expect.stringMatching(/^local:17200: its port 17200 is in use by redis-server \(pid \d+\) on 127.0.0.1$/),
    expect.stringMatching(/^local:17200: its bus port 27200 is in use by redis-server/),
  ]);
  const late: unknown = await applySteps(shell, planHost(taken)).catch((reason: unknown) => reason);
  expect(late).toMatchObject({ node: 'local:17200', notDone: [] });
  // The other two were begun along with it, and came up.
  expect(late instanceof StepFailedError && late.failed.map(describeStep)).toEqual([
    expect.stringContaining('start local:17200'),
  ]);
  expect(late instanceof StepFailedError && late.done.map(describeStep)).toEqual(
    expect.arrayContaining([expect.stringContaining('start local:17204')]),
  );
  expect(String(late)).toContain('Address already in use');
  const after = await look({ ...inventory, cluster: 'taken' });
  await applySteps(shell, planStop(after.desired.services, after.facts));
});

test("another cluster's data is not touched", async () => {
  const foreign = await look();
  const own = foreign.desired.layout.nodes[0];
  if (!own) throw new Error('no node');
  const conf = await readFile(own.configFile, 'utf8');
  await writeFile(own.configFile, conf.replace('# cluster: test', '# cluster: someone-elses'));
  expect(requireHost(await look())).toMatchObject([
    {
      id: 'foreign-data',
      kind: 'refused',
      message: expect.stringContaining('belongs to cluster someone-elses'),
    },
  ]);
  await rm(own.configFile);
  expect(requireHost(await look())).toMatchObject([
    { id: 'foreign-data', kind: 'refused', message: expect.stringContaining('appendonlydir') },
  ]);
  await writeFile(own.configFile, conf, { mode: 0o600 });
  expect(requireHost(await look())).toEqual([]);
});

test('destroy leaves nothing', async () => {
  const { inventory, facts, desired } = await look();
  await applySteps(shell, planDestroy({ inventory, layout: desired.layout, facts }));
  const after = await look();
  expect([after.facts.files, after.facts.processes, after.facts.listeners]).toEqual([{}, {}, []]);
  // The folder above is `leaveNothing`'s: another inventory may have nodes of the same name in it.
  const [above] = desired.layout.directories;
  expect(after.facts.directories).toMatchObject({ [String(above?.path)]: { entries: [] } });
  expect(Object.keys(after.facts.directories)).toHaveLength(1);
  expect(planDestroy({ inventory, layout: desired.layout, facts: after.facts })).toEqual([]);
});

test('whether a server can tell systemd that it is ready: from the libraries that it is linked with', async () => {
  const [host] = masters(ports).hosts;
  if (!host) throw new Error('no host');
  const context = { ...factsContext(masters(ports), host), serviceUser: 'redis', askPackages: false };
  const bin = await mkdtemp(join(tmpdir(), 'weedgo-bin-'));
  const path = join(bin, 'redis-server');
  const answer = (PATH: string): string =>
    execFileSync('sh', { input: server.script(context), env: { PATH }, encoding: 'utf8' });
  try {
    expect(answer(process.env['PATH'] ?? '')).toContain('notifies=yes\n');
    // A program that has nothing to tell systemd.
    await copyFile(execFileSync('sh', ['-c', 'command -v cat'], { encoding: 'utf8' }).trim(), path);
    expect(answer(`${bin}:${process.env['PATH']}`)).toContain('notifies=no\n');
    await rm(path);
    await writeFile(path, '#!/bin/sh\nexec /usr/bin/redis-server "$@"\n', { mode: 0o755 });
    const script = answer(`${bin}:${process.env['PATH']}`);
    expect(script).toContain(`path=${path}\n`);
    expect(script).not.toContain('notifies');
  } finally {
    await rm(bin, { recursive: true });
  }
});
