import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cli, createCli } from '../../support/cli.ts';
import { until } from '../../support/until.ts';
import { expectCode, passwordIn, redisCli, serversOf } from '../provision/support.ts';

const port = 19_090;
let cli: Cli;
let password: string;

const ask = async (...command: readonly string[]): Promise<string> =>
  (await redisCli(password, ['-p', String(port), ...command])).output.trim();
const conf = (): string => join(cli.state, 'weedgo-redis', 'test', String(port), 'redis.conf');

async function findings(): Promise<readonly { readonly id: string; readonly severity: string }[]> {
  const { stdout } = await cli.run('verify', '--json');
  return (JSON.parse(stdout) as { findings: { id: string; severity: string }[] }).findings;
}
const nextStart = async (): Promise<string | undefined> =>
  (await findings()).find(({ id }) => id === 'WR-NEXT-START')?.severity;

async function crashAndStart(): Promise<string> {
  for (const pid of Object.values(serversOf(cli.dir))) process.kill(pid, 'SIGKILL');
  await until(async () => expect(serversOf(cli.dir)).toEqual({}));
  expectCode(await cli.run('start'), 0);
  return ask('GET', 'count');
}

async function fileSays(from: string, to: string): Promise<void> {
  const text = await readFile(conf(), 'utf8');
  expect(text).toContain(from);
  await writeFile(conf(), text.replace(from, to));
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
  expect(await ask('SET', 'count', '1')).toBe('OK');
});
afterAll(() => cli?.close());

test('append-only files that a running server no longer writes are critical: a crash loses what comes after', async () => {
  expect(await nextStart()).toBeUndefined();
  await ask('CONFIG', 'SET', 'appendonly', 'no');
  await ask('SET', 'count', '2');
  expect(await ask('SAVE')).toBe('OK');
  expect(await nextStart()).toBe('critical');
  expect(await crashAndStart()).toBe('1');

  await ask('CONFIG', 'SET', 'appendonly', 'no');
  await ask('SET', 'count', '3');
  expect(await nextStart()).toBe('critical');
  expectCode(await cli.run('provision'), 0);
  expect(await nextStart()).toBeUndefined();
  expect(await crashAndStart()).toBe('3');
});

test('a file that does not read the append-only files: provision fixes it', async () => {
  await fileSays('appendonly "yes"', 'appendonly "no"');
  expect(await nextStart()).toBe('warning');
  expectCode(await cli.run('provision'), 0);
  expect(await nextStart()).toBeUndefined();
  expect(await crashAndStart()).toBe('3');
});

test('a file that has the server look elsewhere is critical', async () => {
  await fileSays('dbfilename "dump.rdb"', 'dbfilename "other.rdb"');
  expect(await nextStart()).toBe('critical');
  expectCode(await cli.run('provision'), 0);
  expect(await nextStart()).toBeUndefined();
});
