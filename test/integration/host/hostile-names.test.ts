import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readEvidence } from '../../../src/host/diagnosis/read.ts';
import { readTheseFacts } from '../../../src/host/facts/read.ts';
import { ownershipOf } from '../../../src/host/socket-owner.ts';
import { parseInventory } from '../../../src/inventory/load.ts';
import { layoutOf } from '../../../src/render/layout.ts';
import { localShell } from '../../../src/ssh/local.ts';

/** Any user can open a file of any name, and give its process any name. */
const nobody = 65_534;
const isRoot = process.getuid?.() === 0;
const shell = localShell('here');
let folder: string;
let holder: { readonly pid: number; readonly port: number; readonly inode: string };
const children: (() => void)[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'weedgo-redis-names-'));
  chmodSync(folder, 0o755);
  holder = await startHolder();
  await startHostile();
});
afterAll(() => {
  for (const end of children) end();
  rmSync(folder, { recursive: true, force: true });
  return shell.close();
});

const start = async (script: string, args: readonly string[]): Promise<{ pid: number; said: string }> => {
  const child = spawn(process.execPath, ['-e', script, ...args], {
    cwd: '/',
    stdio: ['ignore', 'pipe', 'inherit'],
    ...(isRoot && { uid: nobody, gid: nobody }),
  });
  children.push(() => child.kill('SIGKILL'));
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  return { pid: child.pid ?? 0, said: String(said).trim() };
};

/** A process of another user that listens on what is to be a node's port. */
async function startHolder(): Promise<typeof holder> {
  const { pid, said } = await start(
    `process.title = 'squatter';
     const server = require('net').createServer();
     server.listen(0, '127.0.0.1', () => console.log(server.address().port));`,
    [],
  );
  const port = Number(said);
  const facts = await readTheseFacts(shell, { context: contextOf(port), names: ['network'] });
  const inode = facts.network.sockets.find(({ state }) => state === 'listen')?.inode ?? '';
  return { pid, port, inode };
}

/** A later process with files open whose names read like lines of ls and of /proc/net/tcp. */
async function startHostile(): Promise<void> {
  const { inode, port } = holder;
  const hex = (port + 1).toString(16).toUpperCase().padStart(4, '0');
  const listening = `x\n   9: 0100007F:${hex} 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 ${inode} 1 0 socket:[${inode}]`;
  const paths = [
    `y -> socket:[${inode}]`,
    `z\n/proc/1/fd:\nlrwx------ 1 root root 64 Nov 23 05:46 3 -> socket:[${inode}]`,
    listening,
  ].map((name) => join(folder, name));
  for (const path of paths) {
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, '');
    chmodSync(path, 0o644);
  }
  await start(
    String.raw`process.title = 'a\nuser=root';
     for (const path of process.argv.slice(1)) require('fs').openSync(path, 'r');
     console.log('open'); setInterval(() => undefined, 1000);`,
    paths,
  );
}

const contextOf = (port: number) => ({
  server: 'redis' as const,
  serviceUser: undefined,
  files: [],
  directories: [],
  disks: [],
  units: [],
  distributionUnits: [],
  address: '127.0.0.1',
  ports: [port, port + 1],
  nodes: [],
  askPackages: false,
});

test('a port is told to be held by the process that holds it, whatever names other processes open', async () => {
  expect(statSync(`/proc/${holder.pid}`).isDirectory()).toBe(true);
  const { listeners } = await readTheseFacts(shell, {
    context: contextOf(holder.port),
    names: ['listeners'],
  });
  expect(listeners).toEqual([
    { address: '127.0.0.1', port: holder.port, pid: holder.pid, process: 'squatter' },
  ]);
});

test('so it is where a node does not start', async () => {
  const document = {
    cluster: 'names',
    connection: 'local',
    production: false,
    replicas: 0,
    auth: { password: { env: 'PASSWORD' } },
    hosts: [{ name: 'local', address: '127.0.0.1', ports: [7000, 7001, 7002] }],
  };
  const inventory = parseInventory(JSON.stringify(document), '/nowhere/weedgo-redis.yaml');
  const [host] = inventory.hosts;
  const layout = host && layoutOf(inventory, host).nodes[0];
  if (!layout) throw new Error('no node');
  const suspect = { layout, serviceUser: undefined, server: 'redis', appendonly: true } as const;
  const evidence = await readEvidence(shell, [{ ...suspect, ports: [holder.port, holder.port + 1] }]);
  expect(evidence[layout.node.id]?.holders).toEqual([
    { address: '127.0.0.1', port: holder.port, peer: undefined, pid: holder.pid, process: 'squatter' },
  ]);
});

test.skipIf(!isRoot)('the password goes to no other user, and its process is named', async () => {
  const socket = connect(holder.port, '127.0.0.1');
  await once(socket, 'connect');
  const node = { address: '127.0.0.1', port: holder.port };
  const asked = await ownershipOf(shell, undefined)(node as Parameters<ReturnType<typeof ownershipOf>>[0]);
  socket.destroy();
  expect(asked).toEqual({
    kind: 'foreign',
    reason: `port ${holder.port} on 127.0.0.1 belongs to squatter (pid ${holder.pid}) of user nobody, not to the server of this user`,
  });
});
