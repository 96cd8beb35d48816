import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseInventory } from '../../../src/inventory/load.ts';
import { isFailure } from '../../../src/redis/connection.ts';
import { findNode } from '../../../src/inventory/topology.ts';
import { type Cli, type CliResult, createCli } from '../../support/cli.ts';
import { localConnections, look, send } from '../../support/cluster.ts';
import { until } from '../../support/until.ts';

const password = 'a-password-of-the-test';
const ports = [17_740, 17_741, 17_742, 17_743, 17_744, 17_745];
const [m1, m2, m3, r1, r2] = ports.map((port) => `local:${port}`) as [string, string, string, string, string];

const raw = {
  cluster: 'guarded',
  connection: 'local',
  production: false,
  antiAffinity: 'none',
  auth: { password: { env: 'WEEDGO_REDIS_PASSWORD' } },
  config: { 'cluster-node-timeout': 3000 },
  hosts: [{ name: 'local', address: '127.0.0.1', ports }],
};
const inventory = parseInventory(JSON.stringify(raw), '/none');

let cli: Cli;

beforeAll(async () => {
  cli = await createCli(raw, { env: { WEEDGO_REDIS_PASSWORD: password }, user: 'own' });
  const { code, stderr } = await cli.run('provision');
  if (code !== 0) throw new Error(stderr);
  // A key of each master's: {a} has slot 15495, {b} 3300, {c} 7365.
  for (const [node, tag] of [
    [m3, 'a'],
    [m1, 'b'],
    [m2, 'c'],
  ] as const)
    for (let index = 0; index < 10; index += 1) await redis(node, 'SET', `{${tag}}${index}`, 'kept');
});

afterAll(async () => cli?.close());

const call = (...words: readonly string[]): Promise<CliResult> => cli.run('call', ...words);
const redis = (node: string, ...command: readonly (string | number)[]): Promise<unknown> =>
  send(findNode(inventory, node), command, password);
const idOf = async (node: string): Promise<string> => String(await redis(node, 'CLUSTER', 'MYID'));
/** Waits until it is so. */
const untilTrue = (isSo: () => Promise<boolean>): Promise<void> =>
  until(async () => {
    if (!(await isSo())) throw new Error('not yet');
  });
const linked = (node: string): Promise<void> =>
  untilTrue(async () => String(await redis(node, 'INFO', 'replication')).includes('master_link_status:up'));

describe('settings that can lose data', () => {
  test.each([
    ['maxmemory', '1mb'],
    ['maxmemory-policy', 'allkeys-lru'],
    ['appendonly', 'no'],
    ['save', ''],
    ['repl-backlog-size', '10gb'],
    ['a-module.setting', '1'],
  ])('%s "%s": refused without a name, with what can be lost', async (name, value) => {
    const before = await redis(m1, 'CONFIG', 'GET', name);
    const { code, stdout, stderr } = await call(m1, 'CONFIG', 'SET', name, value);
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toContain(`with ${name} "${value}"`);
    expect(stderr).toContain(`--confirm ${m1}`);
    expect(await redis(m1, 'CONFIG', 'GET', name)).toEqual(before);
  });

  test('--yes is not a name; the name of the node is, and for all of them the name of the cluster', async () => {
    const set = ['CONFIG', 'SET', 'maxmemory-policy', 'volatile-ttl'];
    expect(await cli.run('--yes', 'call', m1, ...set)).toMatchObject({ code: 4 });
    expect(await call('--confirm', m1, m1, ...set)).toMatchObject({ code: 0, stdout: 'OK\n' });
    expect(await call('--confirm', m1, 'all', ...set)).toMatchObject({ code: 4 });
    expect(await call('--confirm', 'guarded', 'all', ...set)).toMatchObject({ code: 0 });
    // What keeps every key needs no name.
    const back = ['CONFIG', 'SET', 'maxmemory-policy', 'noeviction'];
    expect(await call('all', ...back)).toMatchObject({ code: 0 });
  });
});

test('BGREWRITEAOF is passed on where the file is in use, and refused where it would only be in the way', async () => {
  await redis(m1, 'CONFIG', 'SET', 'appendonly', 'no');
  const { code, stderr } = await call(m1, 'BGREWRITEAOF');
  expect({ code, stderr }).toEqual({ code: 4, stderr: expect.stringContaining('runs with appendonly no') });
  await redis(m1, 'CONFIG', 'SET', 'appendonly', 'yes');
  expect(await call(m2, 'BGREWRITEAOF')).toMatchObject({ code: 0 });
});

test.each(['stop', 'restart', 'drill'])(
  '%s: refused while a file has its node read what it does not write',
  async (command) => {
    const targets =
      { stop: ['--yes'], restart: ['--yes', '1'], drill: ['--confirm', 'guarded', '1'] }[command] ?? [];
    await redis(m1, 'CONFIG', 'SET', 'appendonly', 'no');
    try {
      const { code, stderr } = await cli.run(command, ...targets);
      expect({ code, stderr }).toEqual({
        code: 4,
        stderr: expect.stringContaining(`${m1} runs with appendonly no, and its file says yes`),
      });
      expect(stderr).toContain('provision');
    } finally {
      await redis(m1, 'CONFIG', 'SET', 'appendonly', 'yes');
      await untilTrue(async () =>
        String(await redis(m1, 'INFO', 'persistence')).includes('aof_rewrite_in_progress:0'),
      );
    }
  },
);

test('a user is removed after its node was named, a user of the inventory never', async () => {
  await redis(m1, 'ACL', 'SETUSER', 'bob', 'on', '>secret', '+get', '~*');
  const { code, stderr } = await call(m1, 'ACL', 'DELUSER', 'bob');
  expect({ code, stderr }).toEqual({ code: 4, stderr: expect.stringContaining('log in as bob') });
  expect(await call('--confirm', m1, m1, 'ACL', 'DELUSER', 'bob')).toMatchObject({ code: 0, stdout: '1\n' });
  const own = await call('--confirm', m1, m1, 'ACL', 'DELUSER', 'default');
  expect(own).toMatchObject({ code: 4, stderr: expect.stringContaining('is a user of the inventory') });
});

test.each([
  ['CLUSTER', 'SETSLOT', '3300', 'NODE', 'f'.repeat(40)],
  ['CLUSTER', 'SETSLOT', '3300', 'MIGRATING', 'f'.repeat(40)],
  ['CLUSTER', 'BUMPEPOCH'],
])('%s %s is not passed on', async (...words) => {
  const { code, stderr } = await call(m2, ...words);
  expect({ code, stderr }).toEqual({
    code: 4,
    stderr: expect.stringContaining('call does not pass on CLUSTER'),
  });
});

describe('FORGET', () => {
  test('of a node that owns slots, and of one that runs: refused', async () => {
    const master = await call('all', 'CLUSTER', 'FORGET', await idOf(m1));
    expect(master).toMatchObject({ code: 4, stderr: expect.stringContaining('owns slots 0-5460') });
    const replica = await call('all', 'CLUSTER', 'FORGET', await idOf(r1));
    expect(replica).toMatchObject({ code: 4, stderr: expect.stringContaining(`is ${r1}, which runs`) });
  });
});

describe('slots with keys', () => {
  const slot = 3300;

  test('closing a slot of which another node holds keys: its name is asked for', async () => {
    const [from, to] = [await idOf(m1), await idOf(m2)];
    await redis(m2, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', from);
    await redis(m1, 'CLUSTER', 'SETSLOT', slot, 'MIGRATING', to);
    const auth = ['AUTH', password, 'KEYS', '{b}0', '{b}1'];
    await redis(m1, 'MIGRATE', '127.0.0.1', 17_741, '', 0, 1000, ...auth);
    const { code, stderr } = await call(m1, 'CLUSTER', 'SETSLOT', String(slot), 'STABLE');
    expect({ code, stderr }).toEqual({
      code: 4,
      stderr: expect.stringContaining(`${m2} holds keys of slot ${slot} and ${m1} owns it`),
    });
    // Without them both sides are closed without a question.
    const connections = localConnections(password);
    const other = findNode(inventory, m2);
    const connection = other && (await connections.connect(other));
    if (!connection || isFailure(connection)) throw new Error('no connection');
    expect(await connection.pipeline([['ASKING'], ['DEL', '{b}0', '{b}1']])).toEqual(['OK', 2]);
    connections.close();
    for (const node of [m1, m2])
      expect(await call(node, 'CLUSTER', 'SETSLOT', String(slot), 'STABLE')).toMatchObject({ code: 0 });
    for (const key of ['{b}0', '{b}1']) await redis(m1, 'SET', key, 'kept');
  });

  test('a slot without an owner goes to the node that has its keys and to no other', async () => {
    await redis(m1, 'CLUSTER', 'DELSLOTS', slot);
    const other = await call(m2, 'CLUSTER', 'ADDSLOTS', String(slot));
    expect(other).toMatchObject({
      code: 4,
      stderr: expect.stringContaining(`${m1} holds keys of slots 3300`),
    });
    const range = await call(m2, 'CLUSTER', 'ADDSLOTSRANGE', '3299', '3300');
    expect(range).toMatchObject({ code: 4, stderr: expect.stringContaining(`${m1} owns slots 3299`) });
    const own = await call(m1, 'CLUSTER', 'ADDSLOTS', String(slot));
    expect(own).toEqual({ code: 0, stdout: 'OK\n', stderr: '' });
    expect(await redis(m1, 'DBSIZE')).toBe(10);
  });
});

describe('REPLICATE', () => {
  test('moves a copy whose keys the owner has, and lets it take over when it is in sync', async () => {
    const sets = async (): Promise<number> => {
      const stats = String(await redis(r1, 'INFO', 'commandstats'));
      return Number(/^cmdstat_config\|set:calls=(\d+)/m.exec(stats)?.[1] ?? 0);
    };
    const before = await sets();
    const moved = await call(r1, 'CLUSTER', 'REPLICATE', await idOf(m2));
    expect(moved).toEqual({ code: 0, stdout: 'OK\n', stderr: '' });
    expect(await redis(r1, 'ROLE')).toMatchObject({ 0: 'slave', 2: 17_741, 3: 'connected' });
    expect(await redis(r1, 'GET', '{c}1').catch(String)).toContain('MOVED');
    expect(await redis(r1, 'CONFIG', 'GET', 'cluster-replica-no-failover')).toEqual([
      'cluster-replica-no-failover',
      'no',
    ]);
    // No failover while it is copied to, and again afterwards.
    expect(await sets()).toBe(before + 2);
    expect(await call(r1, 'CLUSTER', 'REPLICATE', await idOf(m1))).toMatchObject({ code: 0 });
  });

  test('does not overwrite the last copy of a dead master, nor follow one that is dead', async () => {
    await linked(r1);
    await redis(r1, 'CONFIG', 'SET', 'cluster-replica-no-failover', 'yes');
    const dead = await idOf(m1);
    const pid = Number(/process_id:(\d+)/.exec(String(await redis(m1, 'INFO', 'server')))?.[1]);
    process.kill(pid, 'SIGKILL');
    await untilTrue(async () => (await look(inventory, password)).nodes[0]?.reachable === false);
    const away = await call(r1, 'CLUSTER', 'REPLICATE', await idOf(m2));
    expect(away).toMatchObject({ code: 4, stderr: expect.stringContaining(`${r1} may have the only copy`) });
    const named = await call('--confirm', r1, r1, 'CLUSTER', 'REPLICATE', await idOf(m2));
    expect(named.code).toBe(4);
    const follow = await call(r2, 'CLUSTER', 'REPLICATE', dead);
    expect(follow).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('is not a master of the inventory that'),
    });
    expect(await redis(r1, 'DBSIZE')).toBe(10);
  });

  test('a node that does not run has nothing to forget: the others forget, and the call succeeds', async () => {
    const { code, stdout } = await call('all', 'CLUSTER', 'FORGET', 'f'.repeat(40));
    expect(code).toBe(0);
    expect(stdout).toContain(`${m1}: not running\n${m2}: OK\n`);
  });
});

test('a name behind which the server has put another command is not sent', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'weedgo-renamed-'));
  const options = ['--port', '17746', '--dir', dir, '--save', '', '--requirepass', password];
  const renames = ['--rename-command', 'LASTSAVE', '', '--rename-command', 'FLUSHALL', 'LASTSAVE'];
  const server = spawn('redis-server', [...options, ...renames], { stdio: 'ignore' });
  try {
    const alone = { ...raw, mode: 'standalone', cluster: 'renamed', config: {}, antiAffinity: undefined };
    const host = { name: 'local', address: '127.0.0.1', ports: [17_746] };
    const file = await cli.write('renamed.yaml', JSON.stringify({ ...alone, hosts: [host] }));
    const node = findNode(
      parseInventory(JSON.stringify({ ...alone, hosts: [host] }), '/none'),
      'local:17746',
    );
    await untilTrue(async () => (await send(node, ['SET', 'key', 'kept'], password).catch(String)) === 'OK');
    expect(await cli.run('-i', file, 'call', 'local:17746', 'LASTSAVE')).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('has put FLUSHALL behind the name LASTSAVE'),
    });
    expect(await send(node, ['GET', 'key'], password)).toBe('kept');
  } finally {
    server.kill();
    await once(server, 'exit');
    await rm(dir, { recursive: true });
  }
});
