import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { InterruptedError } from '../../../src/base/errors.ts';
import { applySteps } from '../../../src/host/apply.ts';
import type { Service } from '../../../src/host/service.ts';
import type { HostStep } from '../../../src/host/step.ts';
import type { Node } from '../../../src/inventory/inventory.ts';
import { applyOnHosts } from '../../../src/operations/apply-on-hosts.ts';
import { localShell } from '../../../src/ssh/local.ts';
import type { Shell } from '../../../src/ssh/shell.ts';
import { localInventory } from '../../support/inventory.ts';
import { until } from '../../support/until.ts';
import { openLocalSession } from '../failover/session.ts';
import { startStep } from '../../support/start-step.ts';

const inventory = localInventory([19_510, 19_511, 19_512], { replicas: 0 });
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'weedgo-interrupted-'));
  execFileSync('mkfifo', [join(dir, 'end')]);
  // A server that never listens, and ends when somebody opens the pipe.
  await writeFile(join(dir, 'server'), `#!/bin/sh\nread -r line <'${dir}/end'\n`);
  await chmod(join(dir, 'server'), 0o755);
});
afterAll(async () => {
  await writeFile(join(dir, 'end'), '');
  await rm(dir, { recursive: true });
});

/** Nothing is in its folder, so it may be started. */
function startOf(node: Node): HostStep {
  const configFile = join(dir, `${node.port}.conf`);
  const place = { pidFile: join(dir, `${node.port}.pid`), manager: 'daemon' } as const;
  const dataDirectory = join(dir, String(node.port));
  const logFile = join(dir, `${node.port}.log`);
  const service: Service = {
    ...place,
    node: node.id,
    port: node.port,
    configFile,
    dataDirectory,
    logFile,
    serverPath: join(dir, 'server'),
  };
  return startStep(service, { node, configFile, dataDirectory, logFile, service: place });
}

const starts = (): readonly HostStep[] => inventory.nodes.map(startOf);
const folderStep = (path: string): HostStep => ({
  kind: 'make-directory',
  directory: { path, mode: '0700', owner: undefined, group: undefined },
});

test('starts that were begun together count as begun when the first is interrupted', async () => {
  const controller = new AbortController();
  const error: unknown = await applySteps(localShell('local'), [...starts(), folderStep(join(dir, 'late'))], {
    signal: controller.signal,
    onStep: () => controller.abort(),
  }).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(InterruptedError);
  expect(error).toMatchObject({
    message: 'local: stopped waiting for a start',
    hints: [
      expect.stringMatching(
        /^Begun on local and not waited for any longer: start local:19510 .*; start local:19511 .*; start local:19512 [^;]*$/,
      ),
      'Done on local before: nothing.',
      expect.stringMatching(/^Not done on local: make directory [^;]*$/),
      expect.any(String),
    ],
  });
});

/** The shell, and whether its first run has ended. */
function watched(shell: Shell): { readonly shell: Shell; readonly hasEnded: () => boolean } {
  let ended = false;
  const run: Shell['run'] = async (request) => {
    const outcome = await shell.run(request);
    ended = true;
    return outcome;
  };
  const { host, transport } = shell;
  const rest = { host, transport, close: () => shell.close() };
  return {
    shell: { ...rest, run, forward: (address, port) => shell.forward(address, port) },
    hasEnded: () => ended,
  };
}

test('an interruption of one host hides neither the failure nor the account of another', async () => {
  const session = openLocalSession(inventory);
  const broken = watched(localShell('broken'));
  const whole = watched(localShell('whole'));
  const [start] = starts();
  if (!start) throw new Error('no start');
  await mkdir(join(dir, 'data'), { recursive: true });
  await writeFile(join(dir, 'data/file'), '');
  const applied = applyOnHosts(
    {
      ...session,
      shells: new Map([
        ['local', localShell('local')],
        ...[broken, whole].map(({ shell }) => [shell.host, shell] as const),
      ]),
    },
    'starting',
    [
      ['local', [start]],
      ['broken', [folderStep(join(dir, 'data/file'))]],
      ['whole', [folderStep(join(dir, 'new'))]],
    ],
  ).catch((reason: unknown) => reason);
  await until(async () => expect([broken.hasEnded(), whole.hasEnded()]).toEqual([true, true]));
  session.abort.abort();
  const error = await applied;
  expect(error).toBeInstanceOf(InterruptedError);
  const hints = error instanceof InterruptedError ? error.hints.join('\n') : '';
  expect(hints).toContain('Begun on local and not waited for any longer: start local:19510');
  expect(hints).toContain('broken: could not make directory');
  expect(hints).toContain('Not done on broken: nothing.');
  expect(hints).toContain(`Done on whole: make directory ${join(dir, 'new')} (0700).`);
});
