import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, readdir } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseInventory } from '../../../src/inventory/load.ts';
import { findNode } from '../../../src/inventory/topology.ts';
import { type Cli, type CliResult, createCli } from '../../support/cli.ts';
import { send } from '../../support/cluster.ts';
import { atTerminal } from '../../support/terminal.ts';
import { until } from '../../support/until.ts';

/** Clears the screen, claims that all is well and hides the rest. */
const hostile = '\u001B[2J\u001B[32mis healthy\u001B[8m\u009B2J\u202E';
const visible = String.raw`\x1b[2J\x1b[32mis healthy\x1b[8m`;
const node = 'local:17750';
const raw = {
  cluster: 'hostile',
  mode: 'standalone',
  connection: 'local',
  production: false,
  auth: {},
  hosts: [{ name: 'local', address: '127.0.0.1', ports: [17_750] }],
};
const inventory = parseInventory(JSON.stringify(raw), '/none');

let cli: Cli;

beforeAll(async () => {
  cli = await createCli(raw, { user: 'own' });
});
afterAll(async () => cli?.close());

const redis = (...command: readonly (string | number)[]): Promise<unknown> =>
  send(findNode(inventory, node), command);

function expectHarmless({ stdout, stderr }: CliResult): void {
  for (const text of [stdout, stderr]) {
    // oxlint-disable-next-line no-control-regex
    expect(text).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
  }
}

test("a server's text before SSH's version line, before anybody has logged in", async () => {
  const server = createServer((socket) => socket.on('error', () => undefined).end(`${hostile}\r\n`));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  try {
    const ssh = { user: 'deploy', port: (server.address() as AddressInfo).port };
    const { connection: _, ...rest } = raw;
    const file = await cli.write('ssh.yaml', JSON.stringify({ ...rest, ssh }));
    for (const args of [
      ['plan', '--diff'],
      ['--json', 'plan'],
    ]) {
      const result = await cli.run('-i', file, ...args);
      expectHarmless(result);
      expect(result.stdout + result.stderr).toContain('is healthy');
    }
    const { screen } = await atTerminal(cli, ['-i', file, 'verify', '--settle', '0'], []);
    expect(screen).not.toContain('\u001B[2J');
    expect(screen).toContain(visible);
  } finally {
    server.close();
  }
});

test("a process's name, which any user of a host gives itself", async () => {
  // The kernel keeps 15 bytes of it.
  const listener = `
import socket, sys, time
open('/proc/self/comm', 'wb').write(b'\\x1b[2J\\x1b[32mok\\x1b[8m')
s = socket.socket(); s.bind(('127.0.0.1', 17750)); s.listen(); print('ready', flush=True); time.sleep(60)`;
  const python = spawn('python3', ['-c', listener], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await once(python.stdout, 'data');
    for (const args of [
      ['plan', '--diff'],
      ['--json', 'plan'],
    ]) {
      const result = await cli.run(...args);
      expectHarmless(result);
      expect(result.stdout + result.stderr).toMatch(/\\(x1b|u001b)\[2J/);
    }
  } finally {
    python.kill();
    await once(python, 'exit');
  }
});

test('keys, on a terminal, without one and as JSON, and in what a server answers', async () => {
  expect(await cli.run('provision')).toMatchObject({ code: 0 });
  await redis('SET', hostile, 'x');
  await redis('CONFIG', 'SET', 'slowlog-log-slower-than', '0');
  await redis('GET', hostile);
  const log = await cli.run('call', node, 'SLOWLOG', 'GET', '10');
  expectHarmless(log);
  expect(log.stdout).toContain(visible);
  const json = await cli.run('--json', 'call', node, 'SLOWLOG', 'GET', '10');
  expectHarmless(json);
  expect(JSON.stringify(JSON.parse(json.stdout))).toContain(JSON.stringify(hostile).slice(1, -1));
  const { screen } = await atTerminal(cli, ['call', node, 'SLOWLOG', 'GET', '10'], []);
  expect(screen).not.toContain('\u001B[2J');
});

test('lines that an application writes into the log of a node', async () => {
  await redis('EVAL', 'redis.log(redis.LOG_WARNING, ARGV[1])', '0', hostile);
  const pid = Number(/process_id:(\d+)/.exec(String(await redis('INFO', 'server')))?.[1]);
  const dir = String(((await redis('CONFIG', 'GET', 'dir')) as readonly string[])[1]);
  process.kill(pid, 'SIGKILL');
  await until(async () => {
    if (
      await redis('PING').then(
        () => true,
        () => false,
      )
    )
      throw new Error('still runs');
  });
  const files = await readdir(join(dir, 'appendonlydir'));
  const aof = files.find((file) => file.endsWith('.incr.aof')) ?? '';
  await appendFile(join(dir, 'appendonlydir', aof), '*1\r\n$3\r\nBAD\r\n*x');
  const result = await cli.run('start');
  expectHarmless(result);
  expect(result.code).toBe(1);
  expect(result.stderr).toContain(visible);
});
