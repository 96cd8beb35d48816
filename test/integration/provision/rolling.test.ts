import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cli, createCli } from '../../support/cli.ts';
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
