import { readdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cli, createCli } from '../../support/cli.ts';
import { until } from '../../support/until.ts';
import { expectCode, localNodes, passwordIn, portsFrom, redisCli, serversOf } from './support.ts';

/** Masters first, then their replicas. No snapshot is made by itself. */
const ports = portsFrom(19_170);
const tags = ['{b}', '{c}', '{a}'];
let cli: Cli;
let password: string;

const inventory = (config: object): object =>
  localNodes(ports, { config: { maxmemory: '64mb', 'cluster-node-timeout': 3000, ...config } });
const snapshots = { appendonly: 'no', save: '3600 1000000' };

const ask = async (port: number, ...command: readonly string[]): Promise<string> =>
  (await redisCli(password, ['-p', String(port), ...command])).output.trim();
const dataOf = (port: number): string => join(cli.state, 'weedgo-redis', 'test', String(port), 'data');

/** Which of a shard's two nodes is its master now. */
async function rolesOf(shard: number): Promise<{ readonly master: number; readonly replica: number }> {
  const [one = 0, other = 0] = [ports[shard], ports[shard + 3]];
  return (await ask(one, 'ROLE')).startsWith('master')
    ? { master: one, replica: other }
    : { master: other, replica: one };
}

async function fill(shard: number, name: string, count: number): Promise<void> {
  const { master, replica } = await rolesOf(shard);
  const lua = `for i = 1, ${count} do redis.call('SET', KEYS[1] .. '${name}' .. i, i) end`;
  await ask(master, 'EVAL', lua, '1', tags[shard] ?? '');
  await until(async () => expect(await ask(replica, 'DBSIZE')).toBe(await ask(master, 'DBSIZE')));
}

async function save(...nodes: readonly number[]): Promise<void> {
  for (const port of nodes) expect(await ask(port, 'SAVE')).toBe('OK');
}

/** As a power loss: no server gets to save anything. */
async function killAll(): Promise<void> {
  for (const pid of Object.values(serversOf(cli.dir))) process.kill(pid, 'SIGKILL');
  await until(async () => expect(serversOf(cli.dir)).toEqual({}));
}

/** Runs the commands that were printed, in their order, and types what they ask for. */
async function paste({ stderr }: { readonly stderr: string }): Promise<readonly string[]> {
  const commands = [...stderr.matchAll(/^ +→ +weedgo-redis(?: -i \S+)? (failover|start)(.*)$/gm)].map(
    ([, name = '', rest = '']) => [name, ...rest.trim().split(' ')].filter((word) => word !== ''),
  );
  for (const command of commands) {
    const shard = ports.indexOf(Number(command.find((word) => word.includes(':'))?.split(':')[1])) % 3;
    const confirm = command[0] === 'failover' ? ['--confirm', `shard-${shard + 1}`] : [];
    expectCode(await cli.run(...command, ...confirm), 0);
  }
  return commands.map((words) => words.filter((word) => !word.includes(':')).join(' '));
}

const isUp = (port: number): boolean => Object.keys(serversOf(cli.dir)).join().includes(`:${port} `);
const keysOf = async (shard: number): Promise<number> =>
  Number(await ask((await rolesOf(shard)).master, 'DBSIZE'));

beforeAll(async () => {
  cli = await createCli(inventory(snapshots));
  expectCode(await cli.run('provision'), 0);
  password = await passwordIn(cli.home);
});
afterAll(() => cli?.close());

test('a master without a key on its disk does not empty its replica, which has some on its own', async () => {
  const { master, replica } = await rolesOf(0);
  await save(master);
  await fill(0, '', 341);
  await save(replica);
  await killAll();

  const held = await cli.run('start');
  expectCode(held, 1);
  expect(held.stderr).toContain(`local:${master} is the master of its slots`);
  expect(held.stderr).toContain('without a key');
  expect(held.stderr).toContain('with 341 keys');
  expect(ports.filter(isUp)).toEqual(ports.filter((port) => port !== master));
  // Again, before anything was decided.
  expectCode(await cli.run('start'), 4);
  expectCode(await cli.run('provision'), 4);

  expect(await paste(held)).toEqual(['failover --to --force', 'start']);
  expect(await keysOf(0)).toBe(341);
  await until(async () => expect(await ask(master, 'DBSIZE')).toBe('341'));
});

test('snapshots of one stream of writes: the later one decides, with no majority of the masters, too', async () => {
  const shards = await Promise.all([0, 1].map(rolesOf));
  for (const index of [0, 1]) {
    await save(shards[index]?.master ?? 0);
    await fill(index, 'later', 59);
    await save(shards[index]?.replica ?? 0);
  }
  // The third shard's master has all that its replica has.
  await fill(2, '', 100);
  const third = await rolesOf(2);
  await save(third.replica, third.master);
  await killAll();

  const plan = await cli.run('verify', '--json');
  expect(plan.stdout).toContain('WR-START-UNSAFE');
  const held = await cli.run('start');
  expectCode(held, 1);
  expect(await paste(held)).toEqual(['failover --to --takeover', 'failover --to --force', 'start']);
  expect(await Promise.all([0, 1, 2].map(keysOf))).toEqual([400, 59, 100]);
});

test('snapshots with all that the replicas have: started at once', async () => {
  for (const shard of [0, 1, 2]) {
    const { master, replica } = await rolesOf(shard);
    await save(replica, master);
  }
  await killAll();
  expectCode(await cli.run('start'), 0);
  expect(await Promise.all([0, 1, 2].map(keysOf))).toEqual([400, 59, 100]);
});

test('append-only files from an old copy of the disk: refused, and either can be chosen', async () => {
  await cli.setInventory(inventory({ appendonly: 'yes' }));
  expectCode(await cli.run('provision'), 0);
  const { master, replica } = await rolesOf(0);
  expectCode(await cli.run('--yes', 'stop'), 0);
  expectCode(await cli.shell(`cp -a ${dataOf(master)} ${dataOf(master)}.old`), 0);
  expectCode(await cli.run('start'), 0);
  expect((await rolesOf(0)).master).toBe(master);
  await fill(0, 'evening', 50);
  await killAll();
  expectCode(await cli.shell(`rm -r ${dataOf(master)} && mv ${dataOf(master)}.old ${dataOf(master)}`), 0);
  const yesterday = Date.now() / 1000 - 86_400;
  const files = join(dataOf(master), 'appendonlydir');
  for (const name of await readdir(files)) await utimes(join(files, name), yesterday, yesterday);

  const held = await cli.run('start');
  expectCode(held, 1);
  expect(held.stderr).toContain(`its replica local:${replica} may have newer data on its disk`);
  expect(held.stderr).toContain('last written');
  // The master's is chosen: the replica's files are moved aside while it runs.
  const moves = /instead, on local: (mv .*)$/m.exec(held.stderr)?.[1] ?? '';
  expect(moves).toContain(join(dataOf(replica), 'appendonlydir'));
  await cli.shell(moves);
  expectCode(await cli.run('start'), 0);
  expect(await keysOf(0)).toBe(400);
  await until(async () => expect(await ask(replica, 'DBSIZE')).toBe('400'));
  await fill(0, 'again', 5);
  await killAll();
  expectCode(await cli.run('start'), 0);
  expect(await keysOf(0)).toBe(405);
  expect(await readdir(dataOf(replica))).toContain('appendonlydir.aside');
});

test('append-only files from an old copy, next to a replica that runs and may not be elected', async () => {
  const { master, replica } = await rolesOf(1);
  const before = await keysOf(1);
  expectCode(await cli.shell(`cp -a ${dataOf(master)}/appendonlydir ${dataOf(master)}/old`), 0);
  await fill(1, 'evening', 70);
  expect(await ask(replica, 'CONFIG', 'SET', 'cluster-replica-no-failover', 'yes')).toBe('OK');
  const pid = Object.entries(serversOf(cli.dir)).find(([name]) => name.includes(`:${master} `))?.[1] ?? 0;
  process.kill(pid, 'SIGKILL');
  await until(async () => expect(isUp(master)).toBe(false));
  const files = join(dataOf(master), 'appendonlydir');
  expectCode(await cli.shell(`rm -r ${files} && mv ${dataOf(master)}/old ${files}`), 0);
  const yesterday = Date.now() / 1000 - 86_400;
  for (const name of await readdir(files)) await utimes(join(files, name), yesterday, yesterday);

  expect((await cli.run('verify', '--json')).stdout).toContain('WR-START-UNSAFE');
  const held = await cli.run('start');
  expectCode(held, 4);
  expect(held.stderr).toContain(`its replica local:${replica} may have newer data on its disk`);
  expectCode(await cli.run('provision'), 4);
  expect(isUp(master)).toBe(false);
  const [, takeover = ''] =
    /First let the replica take over: weedgo-redis (?:-i \S+ )?(.*)$/m.exec(held.stderr) ?? [];
  expect(takeover).toBe(`failover --to local:${replica} --force`);
  expectCode(await cli.run('--yes', ...takeover.split(' ')), 0);
  expectCode(await cli.run('start'), 0);
  expect(await keysOf(1)).toBe(before + 70);
  await until(async () => expect(await ask(master, 'DBSIZE')).toBe(String(before + 70)));
});
