import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cli, createCli } from '../../support/cli.ts';
import { expectCode, portsFrom } from '../provision/support.ts';

const password = 'for-its-own-servers-alone';
const ports = portsFrom(18_540).slice(0, 3);
let cli: Cli;

beforeAll(async () => {
  cli = await createCli(
    {
      cluster: 'test',
      connection: 'local',
      // Replicas log in to their master's port by themselves, whoever has it.
      replicas: 0,
      production: false,
      auth: { password: { env: 'PASSWORD' } },
      hosts: [{ name: 'local', address: '127.0.0.1', ports }],
    },
    { env: { PASSWORD: password } },
  );
});
afterAll(() => cli?.close());

/**
 * Listens on a node's port as root, whom the command does not run as, answers PONG and keeps what it is sent.
 */
async function whileListening(address: string, work: () => Promise<void>): Promise<string> {
  const script = `const server = require('net').createServer((socket) => {
    socket.on('data', (data) => { process.stdout.write('got ' + data); socket.write('+PONG\\r\\n'); });
    socket.on('error', () => undefined);
  });
  server.listen({ host: process.argv[1], port: 18540, ipv6Only: false }, () => console.log('up'));`;
  const holder = spawn(process.execPath, ['-e', script, address], { cwd: '/' });
  let said = '';
  holder.stdout.on('data', (data) => (said += String(data)));
  await once(holder.stdout, 'data');
  try {
    await work();
  } finally {
    holder.kill('SIGKILL');
    await once(holder, 'exit');
  }
  return said;
}

/** `verify` asks without a password whether one is needed. */
const anonymous = 'got *1\r\n$4\r\nPING\r\n';
const root = process.getuid?.() === 0;

test.skipIf(!root).each(['127.0.0.1', '0.0.0.0', '::'])(
  'before the cluster is made, whoever listens on %s is sent nothing',
  async (address) => {
    const said = await whileListening(address, async () => {
      await cli.run('plan');
      expectCode(await cli.run('provision'), 1);
      const status = await cli.run('status');
      expect(status.stdout + status.stderr).toContain(
        'port 18540 on 127.0.0.1 belongs to a process of user root, not to the server of this user; the password was not sent',
      );
      await Promise.all([cli.run('verify'), cli.run('call', 'local:18540', 'PING'), cli.run('env')]);
    });
    expect(said.replaceAll(anonymous, '')).toBe('up\n');
  },
);

test.skipIf(!root)('in a gap, while a node is down, it is sent nothing either', async () => {
  expectCode(await cli.run('provision'), 0);
  const pid = Number(readFileSync(`${cli.state}/weedgo-redis/test/18540/redis.pid`, 'utf8').split('\n')[0]);
  const watch = cli.start('status', '--watch', '0.5');
  process.kill(pid, 'SIGKILL');
  const said = await whileListening('127.0.0.1', async () => {
    const report = JSON.parse((await cli.run('--json', 'verify')).stdout) as {
      readonly findings: readonly { readonly id: string; readonly nodes: readonly string[] }[];
    };
    expect(report.findings).toContainEqual(
      expect.objectContaining({ id: 'WR-NODE-FOREIGN', nodes: ['local:18540'] }),
    );
    await cli.run('--yes', 'restart', 'local:18540');
    await cli.run('verify', '--write-test');
    await cli.run('call', 'all', 'PING');
    await cli.run('start');
  });
  watch.kill('SIGINT');
  await watch.done;
  expect(said.replaceAll(anonymous, '')).toBe('up\n');
  expectCode(await cli.run('start'), 0);
  expectCode(await cli.run('verify'), 0);
});
