import { dirname } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cli, type CliResult, createCli } from '../../support/cli.ts';
import { until } from '../../support/until.ts';
import {
  configsOf,
  expectCode,
  expectSound,
  listingOf,
  localNodes,
  passwordIn,
  portsFrom,
  redisCli,
  serversOf,
} from './support.ts';

/** What only a restart changes: the nodes that need it are restarted, one after the other, by provision. */
const ports = portsFrom(19_190);
let cli: Cli;
let password: string;

const ask = async (port: number, ...command: readonly string[]): Promise<string> =>
  (await redisCli(password, ['-p', String(port), ...command])).output.trim();

const inventory = (config: object = {}): object =>
  localNodes(ports, { config: { maxmemory: '64mb', 'cluster-node-timeout': 5000, ...config } });

const mastersNow = async (): Promise<readonly number[]> => {
  const roles = await Promise.all(ports.map(async (port) => (await ask(port, 'ROLE')).startsWith('master')));
  return ports.filter((_, index) => roles[index]);
};

beforeAll(async () => {
  cli = await createCli(inventory());
  expectCode(await cli.run('provision'), 0);
  password = await passwordIn(cli.home);
  for (const tag of ['{b}', '{c}', '{a}'])
    await redisCli(password, ['-c', '-p', String(ports[0]), 'SET', `${tag}key`, 'kept']);
});
afterAll(() => cli?.close());

async function expectKept(): Promise<void> {
  await expectSound(ports[0] ?? 0, password);
  for (const tag of ['{b}', '{c}', '{a}'])
    expect((await redisCli(password, ['-c', '-p', String(ports[0]), 'GET', `${tag}key`])).output).toBe(
      'kept\n',
    );
}

test('every node once, replicas first, for all reasons together; then masters are where they were', async () => {
  const [servers, masters] = [serversOf(cli.dir), await mastersNow()];
  await cli.setInventory(inventory({ 'tcp-backlog': 128, 'io-threads': 2 }));
  const plan = await cli.run('plan', '--exit-code');
  expectCode(plan, 3);
  const lines = plan.stdout.split('\n').filter((line) => line.startsWith('  restart '));
  expect(lines).toHaveLength(6);
  expect(lines.every((line) => line.includes('(tcp-backlog from 511 to 128, io-threads from 1 to 2)'))).toBe(
    true,
  );
  expect(lines.map((line) => line.includes('after a replica'))).toEqual([
    false,
    false,
    false,
    true,
    true,
    true,
  ]);
  const done = await cli.run('provision');
  expectCode(done, 0);
  expect(done.stderr.match(/^✓ restart local:/gm)).toHaveLength(6);
  const after = serversOf(cli.dir);
  expect(Object.keys(after).toSorted()).toEqual(Object.keys(servers).toSorted());
  for (const [name, pid] of Object.entries(after)) expect(pid, name).not.toBe(servers[name]);
  expect(await mastersNow()).toEqual(masters);
  for (const config of await configsOf(ports, password))
    expect(config).toMatchObject({ 'tcp-backlog': '128', 'io-threads': '2' });
  await expectKept();
  expectCode(await cli.run('plan', '--exit-code'), 0);
});

test('a value with which no node would start: tried beside them, and nothing is stopped or written', async () => {
  const [servers, files] = [serversOf(cli.dir), await listingOf(cli.state)];
  await cli.setInventory(inventory({ 'tcp-backlog': 128, 'io-threads': 900 }));
  for (const command of ['provision', 'plan']) {
    const failed = await cli.run(command);
    expectCode(failed, 1);
    expect(failed.stdout + failed.stderr).toMatch(
      /would not start with the new configuration: >>> 'io-threads "900"': argument must be between 1 and 128/,
    );
    expect(failed.stdout + failed.stderr).not.toContain(password);
  }
  expect(serversOf(cli.dir)).toEqual(servers);
  const now = await listingOf(cli.state);
  const changed = Object.keys(now).filter((path) => now[path] !== files[path]);
  expect(changed.filter((path) => path.endsWith('redis.conf'))).toEqual([]);
});

test('a removed directive, and a kill between the file and the restart: the same command ends it', async () => {
  const masters = await mastersNow();
  await cli.setInventory(inventory({ 'tcp-backlog': 128 }));
  for (const moment of [/restart local:19193 …/, /takes over from local:19191 …/]) {
    const run = cli.start('provision');
    await new Promise<void>((resolve) => run.onLine((line) => moment.test(line) && resolve()));
    run.kill('SIGKILL');
    await run.done;
  }
  const report = JSON.parse((await cli.run('--json', 'verify')).stdout) as {
    findings: { remedy: string[] }[];
  };
  expect(report.findings.flatMap(({ remedy }) => remedy).join('\n')).toMatch(/ provision$/m);
  const again = await cli.run('provision');
  expectCode(again, 0);
  for (const config of await configsOf(ports, password)) expect(config).toMatchObject({ 'io-threads': '1' });
  expect(await mastersNow()).toEqual(masters);
  await expectKept();
  expectCode(await cli.run('plan', '--exit-code'), 0);
  expectCode(await cli.run('verify'), 0);
});

test('a node that writes its first append-only file is not stopped before it is done', async () => {
  const port = 19_193;
  await ask(port, 'CONFIG', 'SET', 'rdb-key-save-delay', '20000000');
  await until(async () => expect(await ask(port, 'BGREWRITEAOF')).toContain('started'));
  await ask(port, 'CONFIG', 'SET', 'rdb-key-save-delay', '0');
  const restarted = await cli.run('restart', `local:${port}`);
  expectCode(restarted, 0);
  expect(restarted.stderr).toContain(
    `local:${port} rewrites its append-only file, and would not end before that is done`,
  );
  await expectKept();
});

test('after the wait everything is looked at again: a replica whose master has died meanwhile is not stopped', async () => {
  const [master, replica] = [19_191, 19_194];
  await cli.setInventory(inventory({ 'tcp-backlog': 128, 'cluster-node-timeout': 30_000 }));
  expectCode(await cli.run('provision'), 0);
  await ask(replica, 'CONFIG', 'SET', 'rdb-key-save-delay', '60000000');
  await until(async () => expect(await ask(replica, 'BGREWRITEAOF')).toContain('started'));
  const rewriting = Number(
    /^aof_current_rewrite_time_sec:(-?\d+)/m.exec(await ask(replica, 'INFO', 'persistence'))?.[1],
  );
  expect(rewriting).toBeGreaterThanOrEqual(0);
  await ask(replica, 'CONFIG', 'SET', 'rdb-key-save-delay', '0');
  const pidOf = async (port: number): Promise<number> => {
    const pid = Number(/^process_id:(\d+)/m.exec(await ask(port, 'INFO', 'server'))?.[1]);
    expect(pid).toBeGreaterThan(1);
    return pid;
  };
  const [masterPid, replicaPid] = [await pidOf(master), await pidOf(replica)];
  const restart = cli.start('restart', `local:${replica}`);
  await new Promise<void>((resolve) =>
    restart.onLine((line) => line.includes('would not end before') && resolve()),
  );
  const child = Number((await cli.shell(`pgrep -P ${replicaPid}`)).stdout.trim());
  expect(child).toBeGreaterThan(1);
  process.kill(masterPid, 'SIGKILL');
  process.kill(child, 'SIGKILL');
  expect((await restart.done).code).not.toBe(0);
  expect(await pidOf(replica)).toBe(replicaPid);
  expectCode(await cli.run('start'), 0);
  expectCode(await cli.run('restart', `local:${replica}`), 0);
  await cli.setInventory(inventory({ 'tcp-backlog': 128 }));
  expectCode(await cli.run('provision'), 0);
  await expectKept();
});

test('a value that was put back while the run was interrupted: only what still needs it is restarted', async () => {
  await cli.setInventory(inventory({ 'tcp-backlog': 256 }));
  const run = cli.start('provision');
  await new Promise<void>((resolve) => run.onLine((line) => /✓ restart local:19193/.test(line) && resolve()));
  run.kill('SIGKILL');
  await run.done;
  const servers = serversOf(cli.dir);
  await cli.setInventory(inventory({ 'tcp-backlog': 128 }));
  expectCode(await cli.run('provision'), 0);
  const restarted = Object.entries(serversOf(cli.dir)).filter(([name, pid]) => servers[name] !== pid);
  // The second one may have been on its way.
  expect(restarted.length).toBeLessThanOrEqual(2);
  expect(restarted.map(([name]) => name).join()).toContain(':19193');
  expectCode(await cli.run('plan', '--exit-code'), 0);
});

test('restarts that refuse writes meanwhile: asked before anything is changed, and in the plan', async () => {
  const config = { 'tcp-backlog': 128, 'min-replicas-to-write': 1 };
  await cli.setInventory(inventory(config));
  expectCode(await cli.run('provision'), 0);
  const [servers, files] = [serversOf(cli.dir), await listingOf(cli.state)];
  await cli.setInventory(inventory({ ...config, 'tcp-backlog': 256 }));
  const plan = await cli.run('plan');
  expect(plan.stderr).toContain('refuses writes');
  const refused = await cli.run('provision');
  expectCode(refused, 4);
  expect(refused.stderr).toContain('not confirmed');
  expect(serversOf(cli.dir)).toEqual(servers);
  const now = await listingOf(cli.state);
  expect(Object.keys(now).filter((path) => path.endsWith('redis.conf') && now[path] !== files[path])).toEqual(
    [],
  );
  expectCode(await cli.run('--yes', 'provision'), 0);
  await cli.setInventory(inventory({ 'tcp-backlog': 256 }));
  expectCode(await cli.run('provision'), 0);
});

test('a program of another series on disk: no restart starts it, and no removal is half done', async () => {
  await cli.setInventory(inventory({ 'tcp-backlog': 256, databases: 8 }));
  expectCode(await cli.run('provision'), 0);
  const [servers, files] = [serversOf(cli.dir), await listingOf(cli.state)];
  const path = await cli.write(
    'newer/redis-server',
    '#!/bin/sh\n[ "$1" != --version ] || { echo "Redis server v=7.2.4 sha=0:0 malloc=libc bits=64 build=0"; exit; }\nexec /usr/bin/redis-server "$@"\n',
  );
  await cli.shell(`chmod +x ${path}`);
  const newer = (command: string): Promise<CliResult> =>
    cli.shell(`PATH=${dirname(path)}:$PATH weedgo-redis -i ${cli.inventory} ${command}`);
  for (const [config, says] of [
    [{ 'tcp-backlog': 128, databases: 8 }, 'it would start 7.2.4 instead of 7.0.15'],
    [{ 'tcp-backlog': 256 }, 'the inventory does not have databases any more, and the default is not known'],
  ] as const) {
    await cli.setInventory(inventory(config));
    const refused = await newer('provision');
    expectCode(refused, 4);
    expect(refused.stderr).toContain(says);
    expectCode(await newer('plan'), 4);
  }
  expect(serversOf(cli.dir)).toEqual(servers);
  const now = await listingOf(cli.state);
  expect(Object.keys(now).filter((file) => file.endsWith('redis.conf') && now[file] !== files[file])).toEqual(
    [],
  );
  // With the program that runs it goes back to its default.
  expectCode(await cli.run('provision'), 0);
  for (const config of await configsOf(ports, password)) expect(config).toMatchObject({ databases: '16' });
});

const threeHosts = (config: object): object => ({
  ...localNodes([], {
    config: { maxmemory: '64mb', 'cluster-node-timeout': 5000, ...config },
    hosts: ['a', 'b', 'c'].map((name, index) => ({
      name,
      address: `127.0.86.${index + 1}`,
      ports: [19_197 + index, 19_203 + index],
    })),
  }),
  antiAffinity: 'host',
});

test('a drained host: refused before a file is written, and in the plan', async () => {
  const place = await createCli(threeHosts({}));
  try {
    expectCode(await place.run('provision'), 0);
    expectCode(await place.run('--yes', 'drain', 'a'), 0);
    const files = await listingOf(place.state);
    await place.setInventory(threeHosts({ 'tcp-backlog': 128 }));
    const plan = await place.run('plan');
    expectCode(plan, 4);
    const refused = await place.run('provision');
    expectCode(refused, 4);
    for (const text of [plan.stdout, refused.stderr]) expect(text).toContain('which is being drained');
    const now = await listingOf(place.state);
    expect(
      Object.keys(now).filter((path) => path.endsWith('redis.conf') && now[path] !== files[path]),
    ).toEqual([]);
    expectCode(await place.run('undrain', 'a'), 0);
    expectCode(await place.run('provision'), 0);
  } finally {
    await place.close();
  }
});
