import { execFile } from 'node:child_process';
import { copyFile, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cli, type CliResult, createCli } from '../../support/cli.ts';
import { until } from '../../support/until.ts';
import { expectCode, localNodes, passwordIn, portsFrom, redisCli } from './support.ts';

/**
 * Files that are missing or strange while nodes are down. A sequence: each test leaves the cluster stopped,
 * with all its files.
 */
const ports = portsFrom(19_110);
const [master = 0, other = 0, , replica = 0] = ports;
const keys = '500';
let cli: Cli;
let password: string;

const ask = async (port: number, ...command: readonly string[]): Promise<string> =>
  (await redisCli(password, ['-p', String(port), ...command])).output.trim();
const folderOf = (port: number): string => join(cli.state, 'weedgo-redis', 'test', String(port));
const dataOf = (port: number, name: string): string => join(folderOf(port), 'data', name);

/** Moves files of nodes' data folders away; resolves to what brings them back. */
async function away(nodes: readonly number[], ...names: readonly string[]): Promise<() => Promise<void>> {
  const paths = nodes.flatMap((port) => names.map((name) => dataOf(port, name)));
  for (const path of paths) await rename(path, `${path}.test`);
  return async () => {
    for (const path of paths) {
      await rm(path, { recursive: true, force: true });
      await rename(`${path}.test`, path);
    }
  };
}

async function expectRefused(why: string): Promise<CliResult> {
  const result = await cli.run('start');
  expect(result.stderr).toContain(why);
  expect(result.code).not.toBe(0);
  return result;
}

async function expectWhole(): Promise<void> {
  expectCode(await cli.run('start'), 0);
  expect(await ask(master, 'DBSIZE')).toBe(keys);
  expectCode(await cli.run('--yes', 'stop'), 0);
}

beforeAll(async () => {
  cli = await createCli(localNodes(ports, { config: { maxmemory: '64mb' } }), { user: 'own' });
  expectCode(await cli.run('provision'), 0);
  password = await passwordIn(cli.home);
  const lua = `for i = 1, ${keys} do redis.call('SET', KEYS[1] .. i, i) end`;
  await ask(master, 'EVAL', lua, '1', '{b}');
  await until(async () => expect(await ask(replica, 'DBSIZE')).toBe(keys));
  expectCode(await cli.run('--yes', 'stop'), 0);
});
afterAll(() => cli?.close());

test('append-only files without their manifest: no node starts without them', async () => {
  const manifest = 'appendonlydir/appendonly.aof.manifest';
  const back = await away([master, replica], manifest);
  const backDump = await away([master, replica], 'dump.rdb');
  await expectRefused('no manifest names them');
  await cli.run('--yes', 'stop');
  await back();
  await backDump();
  await expectWhole();
});

test('append-only files newer than their manifest, as of a backup that was restored in part', async () => {
  const folder = dataOf(master, 'appendonlydir');
  const newer = join(folder, 'appendonly.aof.9.incr.aof');
  await copyFile(
    join(folder, (await readdir(folder)).find((name) => name.endsWith('.incr.aof')) ?? ''),
    newer,
  );
  const refused = await expectRefused('no manifest names them');
  expect(refused.stderr).toContain('appendonly.aof.9.incr.aof');
  await rm(newer);
  await expectWhole();
});

test('the nodes.conf of another cluster: the node does not join that one', async () => {
  const file = dataOf(replica, 'nodes.conf');
  const own = await readFile(file, 'utf8');
  await writeFile(
    file,
    own.replaceAll(/\b[0-9a-f]{40}\b/g, (id) => id.slice(20) + id.slice(0, 20)),
  );
  await expectRefused('is that of a node of another cluster');
  await writeFile(file, own);
  await expectWhole();
});

test('a master without data, and a replica whose nodes.conf is empty: its files bring all back', async () => {
  const backConf = await away([replica], 'nodes.conf');
  await writeFile(dataOf(replica, 'nodes.conf'), '');
  const back = await away([master], 'appendonlydir', 'dump.rdb');
  const refused = await expectRefused(`local:${replica} of its shard has data`);
  expect(refused.stderr).not.toContain('no other node has them');
  const [, from = '', to = ''] =
    /copy appendonlydir from (\S+) on local into (\S+) on local/.exec(refused.stderr) ?? [];
  expectCode(await cli.shell(`cp -a ${from}/appendonlydir ${to}/`), 0);
  // It waits for the replica, which does not start without its nodes.conf.
  const starting = cli.start('start');
  await until(async () => expect(await ask(master, 'DBSIZE')).toBe(keys));
  starting.kill('SIGINT');
  await starting.done;
  await cli.run('--yes', 'stop');
  await backConf();
  await back();
  await expectWhole();
});

test('a nodes.conf as CLUSTER RESET leaves it: the node does not claim the slots of its keys', async () => {
  const file = dataOf(replica, 'nodes.conf');
  const own = await readFile(file, 'utf8');
  const [myself = ''] = /^.*myself.*$/m.exec(own) ?? [];
  const [id = '', place = ''] = myself.split(' ');
  await writeFile(
    file,
    `${id} ${place} myself,master - 0 0 9 connected\nvars currentEpoch 9 lastVoteEpoch 0\n`,
  );
  await expectRefused('it would claim the slots of its keys');
  await writeFile(file, own);
  await expectWhole();
});

test('both nodes of a shard without any data: the shard does not start empty by itself', async () => {
  const back = await away([master, replica], 'appendonlydir', 'dump.rdb');
  const { stderr } = await expectRefused('its keys are gone, and no other node has them');
  expect(stderr).toMatch(/provision --lost-shard 1\n/);
  await cli.run('--yes', 'stop');
  await back();
  await expectWhole();
});

test('a snapshot next to append-only files without a key, as a restored backup is', async () => {
  await copyFile(dataOf(master, 'dump.rdb'), dataOf(other, 'dump.rdb'));
  await expectRefused('those have no key');
  await cli.run('--yes', 'stop');
  await rm(dataOf(other, 'dump.rdb'));
  await expectWhole();
});

test('a replica with data does not start under a master that answers without a key', async () => {
  await away([master], 'appendonlydir', 'dump.rdb');
  for (const port of ports.filter((each) => each !== replica))
    await promisify(execFile)('redis-server', [join(folderOf(port), 'redis.conf'), '--daemonize', 'yes']);
  await until(async () => expect(await ask(master, 'CLUSTER', 'INFO')).toContain('cluster_state:ok'), {
    timeoutMs: 60_000,
  });
  await expectRefused('answers without a key: the replica would copy that');
  const { stdout } = await cli.run('verify', '--json');
  const { findings } = JSON.parse(stdout) as {
    findings: { id: string; explainedBy: unknown; remedy: string[] }[];
  };
  const causes = findings.filter(({ explainedBy }) => explainedBy === null);
  expect(causes.map(({ id }) => id)).toContain('WR-START-UNSAFE');
  expect(causes.flatMap(({ remedy }) => remedy).filter((line) => line.endsWith(' start'))).toEqual([]);
  expect(await ask(replica, 'PING')).toContain('refused');
  // What is printed: without its empty master the replica starts first, and takes over.
  process.kill(Number(await readFile(join(folderOf(master), 'redis.pid'), 'utf8')), 'SIGKILL');
  await until(async () => expect(await ask(master, 'PING')).toContain('refused'));
  const started = await cli.run('start');
  expect(started.stderr).toContain(`failover --to local:${replica} --force`);
  expectCode(await cli.run('failover', '--to', `local:${replica}`, '--force', '--confirm', 'shard-1'), 0);
  expectCode(await cli.run('start'), 0);
  for (const port of [master, replica]) expect(await ask(port, 'DBSIZE')).toBe(keys);
});
