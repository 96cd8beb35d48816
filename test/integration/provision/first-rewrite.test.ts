import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cli, createCli } from '../../support/cli.ts';
import { until } from '../../support/until.ts';
import { expectCode, passwordIn, redisCli, serversOf } from './support.ts';

/** A node whose file says `appendonly yes`, and that somebody switched off while it ran. */
const port = 19_095;
let cli: Cli;
let password: string;

const ask = async (...command: readonly string[]): Promise<string> =>
  (await redisCli(password, ['-p', String(port), ...command])).output.trim();
const fill = (first: number, last: number): Promise<string> =>
  ask(
    'EVAL',
    `for i = ARGV[1], ARGV[2] do redis.call('SET', 'k' .. i, i) end`,
    '0',
    String(first),
    String(last),
  );

async function findings(): Promise<readonly string[]> {
  const { stdout } = await cli.run('verify', '--json');
  return (JSON.parse(stdout) as { findings: { id: string }[] }).findings.map(({ id }) => id);
}

async function switchOn(): Promise<void> {
  await ask('CONFIG', 'SET', 'rdb-key-save-delay', '25000');
  const first = cli.start('provision');
  await until(async () => expect(await ask('INFO', 'persistence')).toContain('aof_rewrite_in_progress:1'));
  first.kill('SIGINT');
  expect((await first.done).code).not.toBe(0);
}

beforeAll(async () => {
  cli = await createCli({
    cluster: 'test',
    mode: 'standalone',
    connection: 'local',
    production: false,
    auth: { password: { generate: '~/redis.password' } },
    hosts: [{ name: 'local', address: '127.0.0.1', ports: [port] }],
    config: { maxmemory: '64mb' },
  });
  expectCode(await cli.run('provision'), 0);
  password = await passwordIn(cli.home);
  await fill(1, 100);
});
afterAll(() => cli?.close());

test('an interrupted first rewrite is planned, found and waited for', async () => {
  await ask('CONFIG', 'SET', 'appendonly', 'no');
  await fill(1, 1000);
  await switchOn();
  const plan = await cli.run('plan', '--exit-code');
  expectCode(plan, 3);
  expect(plan.stdout).toContain('wait until the append-only file is complete');
  expect(await findings()).toContain('WR-AOF-UNFINISHED');
  expectCode(await cli.run('provision'), 0);
  expect(await ask('INFO', 'persistence')).toContain('aof_rewrite_in_progress:0');
  expect(await findings()).not.toContain('WR-AOF-UNFINISHED');
  for (const pid of Object.values(serversOf(cli.dir))) process.kill(pid, 'SIGKILL');
  await until(async () => expect(serversOf(cli.dir)).toEqual({}));
  expectCode(await cli.run('start'), 0);
  expect(await ask('DBSIZE')).toBe('1000');
});

test('a rewrite of a node that has everything in its files is nothing to wait for', async () => {
  await ask('CONFIG', 'SET', 'rdb-key-save-delay', '10000');
  await ask('BGREWRITEAOF');
  await until(async () => expect(await ask('INFO', 'persistence')).toContain('aof_rewrite_in_progress:1'));
  expectCode(await cli.run('plan', '--exit-code'), 0);
  expect(await findings()).not.toContain('WR-AOF-UNFINISHED');
  expect(await ask('INFO', 'persistence')).toContain('aof_rewrite_in_progress:1');
});
