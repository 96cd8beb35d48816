import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { factsContext } from '../../../src/host/context.ts';
import { readEvidence } from '../../../src/host/diagnosis/read.ts';
import { readTheseFacts } from '../../../src/host/facts/read.ts';
import type { NodeData } from '../../../src/host/facts.ts';
import type { Inventory } from '../../../src/inventory/inventory.ts';
import { layoutOf, type NodeLayout } from '../../../src/render/layout.ts';
import { localShell } from '../../../src/ssh/local.ts';
import { localInventory } from '../../support/inventory.ts';

/**
 * A server that somebody has taken over can put anything into its own folder. None of it may hold up the
 * tool.
 */

const shell = localShell('local');
const inventory: Inventory = localInventory([17_290, 17_291, 17_292], { replicas: 0 });
let state: string;
let first: NodeLayout;

beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), 'weedgo-state-'));
  process.env.XDG_STATE_HOME = state;
  const [host] = inventory.hosts;
  const nodes = host ? layoutOf(inventory, host).nodes : [];
  for (const { dataDirectory } of nodes)
    await mkdir(join(dataDirectory, 'appendonlydir'), { recursive: true });
  const [node] = nodes;
  if (!node) throw new Error('no node');
  first = node;
});
afterAll(() => rm(state, { recursive: true }));

async function dataOf(): Promise<readonly NodeData[]> {
  const [host] = inventory.hosts;
  if (!host) throw new Error('no host');
  const context = factsContext(inventory, host);
  const { data } = await readTheseFacts(shell, { context, names: ['data'], timeoutMs: 20_000 });
  return Object.values(data);
}

test('pipes in the place of files are not waited for', async () => {
  const names = ['nodes.conf', 'dump.rdb', 'appendonlydir/appendonly.aof.manifest'];
  for (const name of names) {
    const path = join(first.dataDirectory, name);
    execFileSync('mkfifo', [path]);
    const [folder] = (await dataOf()).map((data) => data.folder);
    expect(folder).toEqual({ kind: 'unreadable', path });
    await rm(path);
  }
});

test('a file without end takes no memory and no time', async () => {
  const path = join(first.dataDirectory, 'nodes.conf');
  await symlink('/dev/zero', path);
  expect((await dataOf())[0]?.folder).toEqual({ kind: 'unreadable', path });
  await rm(path);
  execFileSync('truncate', ['-s', '64G', path]);
  expect((await dataOf())[0]?.folder).toMatchObject({ identity: { kind: 'unknown' } });
  await rm(path);
});

test('why a node does not run is found out past pipes, and without a password in its log', async () => {
  const suspect = {
    layout: first,
    serviceUser: undefined,
    server: 'redis',
    appendonly: true,
    ports: [17_290],
  } as const;
  const lines = [
    '*** FATAL CONFIG FILE ERROR (Redis 7.0.15) ***',
    'Reading the configuration file, at line 2',
    `>>> 'requirepass "hunter2hunter2" extra'`,
    'wrong number of arguments',
  ];
  await writeFile(first.logFile, `${lines.join('\n')}\n`);
  execFileSync('mkfifo', [join(first.dataDirectory, 'nodes.conf')]);
  const evidence = (await readEvidence(shell, [suspect]))[first.node.id];
  expect(evidence?.nodesConf).toBeUndefined();
  expect(evidence?.log).toEqual([...lines.slice(0, 2), `>>> 'requirepass "***" "***"'`, lines[3]]);
  await rm(first.logFile);
  execFileSync('mkfifo', [first.logFile, join(first.dataDirectory, 'dump.rdb')]);
  const again = await readEvidence(shell, [{ ...suspect, appendonly: false }]);
  expect(again[first.node.id]).toMatchObject({ log: [], dump: undefined });
});
