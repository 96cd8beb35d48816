import { readdir, readFile, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cli, type CliRun, createCli } from '../../support/cli.ts';
import { until } from '../../support/until.ts';
import { expectCode, localNodes, passwordIn, portsFrom, redisCli, serversOf } from '../provision/support.ts';

/** Masters first, then their replicas. A replica of any age may be elected. */
const ports = portsFrom(19_080);
const nodeTimeoutMs = 2000;
const keys = '1000';
let cli: Cli;
let password: string;

const ask = async (port: number, ...command: readonly string[]): Promise<string> =>
  (await redisCli(password, ['-p', String(port), ...command])).output.trim();
const folderOf = (port: number): string => join(cli.state, 'weedgo-redis', 'test', String(port));
const roleOf = async (port: number): Promise<string> => (await ask(port, 'ROLE')).split('\n')[0] ?? '';
const isBarred = async (port: number): Promise<boolean> =>
  (await ask(port, 'CONFIG', 'GET', 'cluster-replica-no-failover')).endsWith('yes');

async function kill(port: number): Promise<void> {
  process.kill(Number((await readFile(join(folderOf(port), 'redis.pid'), 'utf8')).trim()), 'SIGKILL');
  // A process that it had forked for a copy may outlive it.
  await until(async () => expect(await ask(port, 'PING')).toContain('refused'));
}

/** Kills the first shard's master while its replica gets its first copy, and gives an election its time. */
async function killWhileCopying([master, replica]: readonly [number, number], run?: CliRun): Promise<void> {
  const copying = until(
    async () => expect(await ask(replica, 'INFO', 'replication')).toContain('master_sync_in_progress:1'),
    { timeoutMs: 90_000 },
  );
  const ended = await Promise.race([copying.then(() => undefined), ...(run ? [run.done] : [])]);
  if (ended) expectCode(ended, -1);
  await kill(master);
  await until(async () => expect(await ask(ports[1] ?? 0, 'CLUSTER', 'NODES')).toMatch(/,fail /), {
    timeoutMs: 30_000,
  });
  await new Promise((resolve) => setTimeout(resolve, 2 * nodeTimeoutMs));
  expect(await roleOf(replica)).toBe('slave');
  expect(await isBarred(replica)).toBe(true);
}

/** The first copy takes some 20 s. */
async function slowDown(master: number): Promise<void> {
  expect(await ask(master, 'CONFIG', 'SET', 'rdb-key-save-delay', '20000')).toBe('OK');
}

async function expectWhole([master, replica]: readonly [number, number]): Promise<void> {
  expect(await ask(master, 'DBSIZE')).toBe(keys);
  expect(await ask(replica, 'DBSIZE')).toBe(keys);
  expect(await isBarred(replica)).toBe(false);
}

beforeAll(async () => {
  const config = { 'cluster-node-timeout': nodeTimeoutMs, 'cluster-replica-validity-factor': 0 };
  cli = await createCli(localNodes(ports, { config: { maxmemory: '64mb', ...config } }));
  expectCode(await cli.run('provision'), 0);
  password = await passwordIn(cli.home);
  const lua = `for i = 1, ${keys} do redis.call('SET', KEYS[1] .. i, i) end`;
  await redisCli(password, ['-c', '-p', String(ports[0]), 'EVAL', lua, '1', '{b}']);
});
afterAll(() => cli?.close());

test('provision: a new replica is not elected before it has its first copy; a rerun finishes that', async () => {
  const pair = [ports[0] ?? 0, ports[3] ?? 0] as const;
  const [master, replica] = pair;
  await kill(replica);
  await rm(join(folderOf(replica), 'data'), { recursive: true });
  // It is a new node to the others, which are to forget the old one.
  const refused = await cli.run('provision');
  const id = /call all CLUSTER FORGET (\w+)/.exec(refused.stderr)?.[1] ?? '';
  expectCode(await cli.run('call', 'all', 'CLUSTER', 'FORGET', id), 0);
  await slowDown(master);
  const run = cli.start('provision');
  await killWhileCopying(pair, run);
  const { code, stderr } = await run.done;
  expect(code).not.toBe(0);
  expect(stderr).toContain(`local:${replica} was not seen in sync with its master`);

  const { stdout } = await cli.run('verify', '--json');
  expect(stdout).toContain('WR-REPLICA-NO-FAILOVER');
  expectCode(await cli.run('start'), 0);
  const plan = await cli.run('plan');
  expect(plan.stdout).toContain(`local:${replica}: may take over again, once it is in sync`);
  expectCode(await cli.run('provision'), 0);
  await expectWhole(pair);
});

test('resync: as well, and when the command was killed in the middle', async () => {
  const pair = [ports[0] ?? 0, ports[3] ?? 0] as const;
  const [master, replica] = pair;
  await kill(replica);
  const files = join(folderOf(replica), 'data/appendonlydir');
  for (const name of await readdir(files)) if (name.endsWith('.rdb')) await truncate(join(files, name), 100);
  await slowDown(master);
  const run = cli.start('resync', `local:${replica}`);
  await until(async () => expect(await isBarred(replica)).toBe(true), { timeoutMs: 90_000 });
  run.kill('SIGKILL');
  await run.done;
  await killWhileCopying(pair);
  // What the master had forked for the copy still works in its folder.
  await until(async () => expect(Object.keys(serversOf(cli.dir)).join()).not.toContain(`:${master} `), {
    timeoutMs: 60_000,
  });
  expectCode(await cli.run('start'), 0);
  expectCode(await cli.run('provision'), 0);
  await expectWhole(pair);
});
