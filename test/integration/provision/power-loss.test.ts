import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cli, createCli } from '../../support/cli.ts';
import { until } from '../../support/until.ts';
import { expectCode, localNodes, passwordIn, portsFrom, redisCli, serversOf } from './support.ts';

/**
 * `appendonly` is changed on a cluster with much data, and all servers are killed in the midst of it: the
 * moments lie anywhere between the first and the last step, and in each direction.
 */
const ports = portsFrom(19_180);
const keysPerShard = 20_000;
const keys = 3 * keysPerShard;
/** Kills for each direction. */
const moments = 1;
let cli: Cli;
let password: string;

const inventory = (appendonly: 'yes' | 'no'): object =>
  localNodes(ports, { config: { maxmemory: '128mb', 'cluster-node-timeout': 15_000, appendonly } });

const ask = async (port: number, ...command: readonly string[]): Promise<string> =>
  (await redisCli(password, ['-p', String(port), ...command])).output.trim();

async function countKeys(): Promise<number> {
  const counts = await Promise.all(
    ports.map(async (port) =>
      (await ask(port, 'ROLE')).startsWith('master') ? Number(await ask(port, 'DBSIZE')) : 0,
    ),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

async function killAll(): Promise<void> {
  for (const pid of Object.values(serversOf(cli.dir))) process.kill(pid, 'SIGKILL');
  await until(async () => expect(serversOf(cli.dir)).toEqual({}));
}

beforeAll(async () => {
  cli = await createCli(inventory('no'));
  expectCode(await cli.run('provision'), 0);
  password = await passwordIn(cli.home);
  const lua = `local value = string.rep('x', 200) for i = 1, ${keysPerShard} do redis.call('SET', KEYS[1] .. i, value .. i) end`;
  for (const tag of ['{b}', '{c}', '{a}'])
    await redisCli(password, ['-c', '-p', String(ports[0]), 'EVAL', lua, '1', tag]);
  expect(await countKeys()).toBe(keys);
  for (const port of ports) await ask(port, 'BGSAVE');
  await until(async () => {
    for (const port of ports)
      expect(await ask(port, 'INFO', 'persistence')).toContain('rdb_bgsave_in_progress:0');
  });
});
afterAll(() => cli?.close());

/** µs a key: a rewrite or a snapshot takes longer. */
async function slowDown(): Promise<void> {
  for (const port of ports) await ask(port, 'CONFIG', 'SET', 'rdb-key-save-delay', '10');
}

/** What an operator does after a power loss; each of the two may be the one that is refused. */
async function recover(to: 'yes' | 'no'): Promise<void> {
  const started = await cli.run('start');
  if (started.code !== 0) expectCode(started, 4);
  const provisioned = await cli.run('provision');
  if (provisioned.code === 0) return;
  expectCode(provisioned, 4);
  // As printed: the inventory says again what the files on disk are for.
  expect(provisioned.stderr).toMatch(/Write `appendonly: (yes|no)` under `config`/);
  await cli.setInventory(inventory(to === 'yes' ? 'no' : 'yes'));
  expectCode(await cli.run('provision'), 0);
}

test.each(['yes', 'no'] as const)(
  'a power loss at any moment of a change of appendonly to %s',
  async (to) => {
    const from = to === 'yes' ? 'no' : 'yes';
    await cli.setInventory(inventory(from));
    expectCode(await cli.run('provision'), 0);
    await slowDown();
    await cli.setInventory(inventory(to));
    const since = performance.now();
    expectCode(await cli.run('provision'), 0);
    const tookMs = performance.now() - since;
    for (let moment = 0; moment < moments; moment += 1) {
      await cli.setInventory(inventory(from));
      expectCode(await cli.run('provision'), 0);
      await slowDown();
      await cli.setInventory(inventory(to));
      const run = cli.start('provision');
      const at = (tookMs * (moment + Math.random())) / moments;
      await sleep(at);
      await killAll();
      await run.done;
      await recover(to);
      expect(await countKeys(), `${Math.round(at)} of ${Math.round(tookMs)} ms`).toBe(keys);
    }
  },
  600_000,
);
