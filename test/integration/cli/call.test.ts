import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Cli, type CliResult, createCli } from '../../support/cli.ts';
import { localConnections } from '../../support/cluster.ts';
import { loadInventory, parseInventory } from '../../../src/inventory/load.ts';
import { findNode } from '../../../src/inventory/topology.ts';
import { changing } from '../../../src/session/changing.ts';
import { openSession } from '../../../src/session/connect.ts';
import { isFailure } from '../../../src/redis/connection.ts';

const password = 'a-password-of-the-test';
const hash = /[0-9a-f]{64}/;
const ports = [17_730, 17_731, 17_732];
const first = 'local:17730';
const nodes = [first, 'local:17731', 'local:17732'];

const inventory = (mode: string, listed: readonly number[]) => ({
  cluster: `call-${mode}`,
  mode,
  connection: 'local',
  production: false,
  ...(mode === 'cluster' && { replicas: 0, antiAffinity: 'none' }),
  auth: { password: { env: 'WEEDGO_REDIS_PASSWORD' } },
  hosts: [{ name: 'local', address: '127.0.0.1', ports: listed }],
});

let cli: Cli;
let alone: Cli;
const connections = localConnections(password);

beforeAll(async () => {
  const env = { WEEDGO_REDIS_PASSWORD: password };
  cli = await createCli(inventory('cluster', ports), { env, user: 'own' });
  alone = await createCli(inventory('standalone', [17_733]), { env, user: 'own' });
  for (const each of [cli, alone]) {
    const { code, stderr } = await each.run('provision');
    if (code !== 0) throw new Error(stderr);
  }
});

afterAll(async () => {
  connections.close();
  await Promise.all([cli?.close(), alone?.close()]);
});

const call = (...words: readonly string[]): Promise<CliResult> => cli.run('call', ...words);

/** Past the command line, with the password that is not on one. */
async function redis(...command: readonly string[]): Promise<unknown> {
  const node = findNode(parseInventory(JSON.stringify(inventory('cluster', ports)), '/none'), first);
  const connection = node && (await connections.connect(node));
  if (!connection || isFailure(connection)) throw new Error(`${first} does not answer`);
  return connection.call(command);
}

/** How often a node was told to run any command but those that looking takes. */
async function timesRun(command: string): Promise<number> {
  const stats = String(await redis('INFO', 'commandstats'));
  const found = stats.matchAll(new RegExp(`^cmdstat_${command}(?:\\|\\w+)?:calls=(\\d+)`, 'gm'));
  return [...found].reduce((sum, [, calls]) => sum + Number(calls), 0);
}

describe('what looks', () => {
  test('is answered by one node as redis-cli prints it, and by all with their names', async () => {
    expect(await call(first, 'PING')).toEqual({ code: 0, stdout: 'PONG\n', stderr: '' });
    const all = await call('all', 'dbsize');
    expect(all).toEqual({ code: 0, stdout: nodes.map((node) => `${node}: 0\n`).join(''), stderr: '' });
    expect((await call('127.0.0.1:17731', 'PING')).stdout).toBe('PONG\n');
    expect((await call(first, 'CLUSTER', 'NODES')).stdout.match(/connected/g)).toHaveLength(3);
  });

  test('asks one node without connecting any other host', async () => {
    let opened = 0;
    const silent = createServer(() => (opened += 1));
    await once(silent.listen(0, '127.0.0.9'), 'listening');
    try {
      const { hosts, ...rest } = inventory('cluster', ports);
      const ssh = { user: 'deploy', port: (silent.address() as AddressInfo).port };
      const other = { name: 'other', address: '127.0.0.9', connection: 'ssh', ssh, ports: [17_734] };
      const both = await cli.write('both.yaml', JSON.stringify({ ...rest, hosts: [...hosts, other] }));
      expect(await cli.run('-i', both, 'call', first, 'PING')).toEqual({
        code: 0,
        stdout: 'PONG\n',
        stderr: '',
      });
      expect(opened).toBe(0);
    } finally {
      silent.close();
    }
  });

  test('is JSON where that was asked for', async () => {
    const { code, stdout } = await cli.run('--json', 'call', 'all', 'CONFIG', 'GET', 'appendonly');
    const answers = nodes.map((node) => ({ node, ok: true, reply: ['appendonly', 'yes'] }));
    expect(JSON.parse(stdout)).toEqual({ schemaVersion: 1, exitCode: 0, ok: true, answers });
    expect(code).toBe(0);
  });

  test('shows no password and no hash of one', async () => {
    const config = await call(first, 'CONFIG', 'GET', '*');
    expect(config.stdout).toMatch(/^requirepass\n\*\*\*$/m);
    expect(config.stdout).toMatch(/^masterauth\n\*\*\*$/m);
    expect(config.stdout).not.toContain(password);
    const users = await call(first, 'acl', 'list');
    expect(users.stdout).toMatch(/^user default on .*#\*\*\* /);
    expect(users.stdout).not.toMatch(hash);
  });

  test('leaves no line in the audit log', async () => {
    const before = (await cli.run('--json', 'history')).stdout;
    await call('all', 'INFO', 'server');
    expect((await cli.run('--json', 'history')).stdout).toBe(before);
  });
});

describe('what fixes a cluster', () => {
  test('is done on every node named, under the lock, with a line in the audit log', async () => {
    expect((await call('all', 'CONFIG', 'SET', 'hz', '20')).stdout).toBe(
      nodes.map((node) => `${node}: OK\n`).join(''),
    );
    expect(await redis('CONFIG', 'GET', 'hz')).toEqual(['hz', '20']);
    expect((await cli.run('history')).stdout).toContain('call all CONFIG SET hz 20');
  });

  test('is not an error where it is done already', async () => {
    const stranger = 'f'.repeat(40);
    expect(await call(first, 'CLUSTER', 'FORGET', stranger)).toMatchObject({ code: 0, stdout: 'OK\n' });
  });

  test('is kept out by an operation under way', async () => {
    process.env['XDG_STATE_HOME'] = cli.state;
    process.env['WEEDGO_REDIS_PASSWORD'] = password;
    const session = await openSession({
      inventory: await loadInventory(cli.inventory ?? ''),
      emit: () => undefined,
      signal: new AbortController().signal,
      prompter: { interactive: false, ask: async () => undefined },
    });
    try {
      const held = { command: 'restart all', reason: 'restart all' };
      const { code, stderr } = await changing(session, held, () => call(first, 'CONFIG', 'SET', 'hz', '30'));
      expect({ code, stderr }).toEqual({ code: 4, stderr: expect.stringContaining('restart all') });
      expect(await redis('CONFIG', 'GET', 'hz')).toEqual(['hz', '20']);
    } finally {
      await session.close();
    }
  });
});

describe('what is not passed on', () => {
  test.each(
    [
      ['FLUSHALL'],
      ['flushdb'],
      ['CLUSTER', 'RESET', 'HARD'],
      ['CLUSTER', 'FAILOVER', 'TAKEOVER'],
      ['CLUSTER', 'FLUSHSLOTS'],
      ['CLUSTER', 'DELSLOTS', '0'],
      ['CLUSTER', 'SET-CONFIG-EPOCH', '9'],
      ['SHUTDOWN', 'NOSAVE'],
      ['DEBUG', 'SEGFAULT'],
      ['REPLICAOF', 'NO', 'ONE'],
      ['CONFIG', 'REWRITE'],
      ['ACL', 'SETUSER', 'mallory', 'on', 'nopass', '+@all', '~*'],
      ['EVAL', "return redis.call('FLUSHALL')", '0'],
      ['MODULE', 'LOAD', '/tmp/evil.so'],
      ['SET', 'key', 'value'],
      ['DEL', 'kept'],
      ['KEYS', '*'],
      ['MONITOR'],
      ['CLIENT', 'PAUSE', '1000'],
      ['CONFIG SET', 'requirepass', 'a-new-password'],
      ['AUTH', 'a-new-password'],
    ].map((words) => ({ words, line: words.join(' ') })),
  )('$line: refused before anything is sent', async ({ words }) => {
    const command = (words[0] ?? '').split(' ')[0]?.toLowerCase() ?? '';
    const before = await timesRun(command);
    const { code, stdout, stderr } = await call('all', ...words);
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toContain('call does not pass on');
    expect(stderr).not.toMatch(/\n\s+at |a-new-password/i);
    // `timesRun` and its connection use INFO and AUTH alone.
    expect(await timesRun(command)).toBe(before);
  });

  test.each([
    ['requirepass', 'a-new-password'],
    ['MasterAuth', 'a-new-password'],
    ['hz', '20', 'requirepass', 'a-new-password'],
    ['tls-key-file-pass', 'a-new-password'],
  ])('a password to set: %s', async (...pairs) => {
    const { code, stderr } = await call('all', 'config', 'set', ...pairs);
    expect({ code, stderr }).toEqual({
      code: 4,
      stderr: expect.stringContaining('a password does not belong on a command line'),
    });
    expect(stderr).not.toContain('a-new-password');
    expect((await cli.run('--json', 'history')).stdout).not.toContain('a-new-password');
  });

  test('a meeting with a node that the inventory does not have', async () => {
    const { code, stderr } = await call(first, 'CLUSTER', 'MEET', '127.0.0.1', '17733');
    expect({ code, stderr }).toEqual({
      code: 4,
      stderr: expect.stringContaining('is not a node of the inventory'),
    });
    // The bus port is what Redis connects to: behind this one another cluster's node may listen.
    for (const bus of ['27733', '27731x', '']) {
      const met = await call(first, 'CLUSTER', 'MEET', '127.0.0.1', '17731', bus);
      expect(met, bus).toMatchObject({ code: 4 });
      expect(met.stderr).toContain('CLUSTER MEET 127.0.0.1 17731 27731');
    }
    expect(await call(first, 'CLUSTER', 'MEET', '127.0.0.1', '17731', '27731')).toMatchObject({ code: 0 });
    expect(await call(first, 'CLUSTER', 'MEET', '127.0.0.1', '17731')).toMatchObject({ code: 0 });
  });

  test.each(['local:17733', '17730', 'local', '127.0.0.1:17733', 'ALL'])(
    'to %s, which is no node: the nodes are named',
    async (target) => {
      const { code, stdout, stderr } = await call(target, 'PING');
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toContain(`there is no node ${target} in the inventory`);
      expect(stderr).toContain(nodes.join(', '));
    },
  );

  test('anything without a command', async () => {
    expect(await call(first)).toMatchObject({ code: 2, stdout: '' });
    expect(await call()).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('what Redis refuses', () => {
  test('is printed as Redis says it, and fails', async () => {
    const { code, stdout } = await call(first, 'CLUSTER', 'COUNTKEYSINSLOT', '99999');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '(error) ERR Invalid slot\n' });
  });

  test('on one of several nodes does not keep the others from answering', async () => {
    const pid = /^process_id:(\d+)/m.exec((await call('local:17732', 'INFO', 'server')).stdout)?.[1];
    process.kill(Number(pid), 'SIGKILL');
    const { code, stdout } = await call('all', 'PING');
    expect(code).toBe(1);
    expect(stdout).toMatch(/^local:17730: PONG\nlocal:17731: PONG\nlocal:17732: \(error\) .*ECONNREFUSED/);
    expect((await cli.run('start')).code).toBe(0);
  });

  test('of a standalone node is that it is no cluster; everything else works', async () => {
    expect(await alone.run('call', 'local:17733', 'CLUSTER', 'INFO')).toMatchObject({
      code: 1,
      stdout: '(error) ERR This instance has cluster support disabled\n',
    });
    expect(await alone.run('call', 'all', 'CONFIG', 'SET', 'hz', '20')).toMatchObject({
      code: 0,
      stdout: 'OK\n',
    });
    expect(await alone.run('call', 'all', 'FLUSHALL')).toMatchObject({ code: 4, stdout: '' });
  });
});
