import { readFileSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cli, createCli } from '../../support/cli.ts';
import {
  expectCode,
  expectSound,
  localNodes,
  passwordIn,
  portsFrom,
  redisCli,
  serversOf,
  settledListingOf,
} from './support.ts';

const ports = portsFrom(18_100);
let cli: Cli;
let password: string;

beforeAll(async () => {
  cli = await createCli(localNodes(ports));
});
afterAll(() => cli?.close());

test('plan shows what would happen and changes nothing', async () => {
  const short = await cli.run('plan');
  expectCode(short, 0);
  expect(short.stdout).toMatch(/redis\.conf \(0600\), \d{2,3} lines\n/);
  expect(short.stdout).not.toContain('requirepass');
  const plan = await cli.run('plan', '--diff');
  expectCode(plan, 0);
  for (const port of ports) {
    expect(plan.stdout).toContain(`write ${cli.state}/weedgo-redis/test/${port}/redis.conf (0600)`);
    expect(plan.stdout).toContain(`+port "${port}"`);
    expect(plan.stdout).toContain(`start local:${port}`);
  }
  expect(plan.stdout).toContain('+requirepass "***"');
  expect(plan.stdout).toContain('local:18100: take 5461 slots (0-5460)');
  expect(plan.stdout).toContain('local:18103: replicate local:18100');
  expectCode(await cli.run('plan', '--exit-code'), 3);
  expect(await readdir(cli.state)).toEqual([]);
  expect(await readdir(cli.home)).toEqual([]);
  expect(serversOf(cli.dir)).toEqual({});
});

test('provision makes six nodes one cluster, as whoever runs it, and redis-cli agrees', async () => {
  const provisioned = await cli.run('provision');
  expectCode(provisioned, 0);
  expect(provisioned.stdout).toContain('test is provisioned: every node sees the whole cluster.');
  for (const [index, port] of ports.slice(0, 3).entries()) {
    expect(provisioned.stdout).toMatch(new RegExp(`^${index + 1} +local:${port} +master `, 'm'));
    expect(provisioned.stdout).toMatch(new RegExp(`^${index + 1} +local:${port + 3} +replica `, 'm'));
  }
  expect(provisioned.stdout).toMatch(/Version \d+\.\d/);
  password = await passwordIn(cli.home);
  await expectSound(18_100, password);
  const uids = Object.values(serversOf(cli.dir)).map((pid) => ownerOf(pid));
  expect(uids).toHaveLength(6);
  expect(new Set(uids)).toEqual(new Set([(await stat(cli.home)).uid]));
  expect(uids).not.toContain(0);
});

test('the generated password is strong, and readable by its owner alone', async () => {
  expect(password).toMatch(/^[\w-]{40,}$/);
  expect((await stat(join(cli.home, 'redis.password'))).mode & 0o777).toBe(0o600);
  expect((await redisCli(undefined, ['-p', '18100', 'PING'])).output).toContain('NOAUTH');
  expect((await redisCli(password, ['-p', '18105', 'PING'])).output).toBe('PONG\n');
});

test('then there is nothing to do, and nothing is done', async () => {
  const before = { files: await settledListingOf(cli.state), servers: serversOf(cli.dir) };
  const plan = await cli.run('plan', '--exit-code');
  expectCode(plan, 0);
  expect(plan.stdout).toBe('Nothing to do: test is what the inventory says.\n');
  const again = await cli.run('provision');
  expectCode(again, 0);
  expect(again.stdout).toContain('Nothing to do: test is what the inventory says.');
  expect(again.stderr).not.toMatch(/Install|Form/);
  expect({ files: await settledListingOf(cli.state), servers: serversOf(cli.dir) }).toEqual(before);
});

test('--json prints one document', async () => {
  const plan = await cli.run('--json', 'plan');
  expect(JSON.parse(plan.stdout)).toMatchObject({ schemaVersion: 1, ok: true, empty: true, problems: [] });
  const again = await cli.run('provision', '--json');
  const report = JSON.parse(again.stdout) as { readonly nodes: readonly object[] };
  expect(report).toMatchObject({ schemaVersion: 1, ok: true, changed: false, cluster: 'test' });
  expect(report.nodes).toHaveLength(6);
  expect(report.nodes).toContainEqual(
    expect.objectContaining({ node: 'local:18104', role: 'replica', master: 'local:18101', slots: 0 }),
  );
});

test('a master that was killed is started again, and waited for until the cluster is whole', async () => {
  await redisCli(password, ['-c', '-p', '18100', 'SET', 'kept', 'value']);
  const killed = Object.values(serversOf(cli.dir));
  for (const pid of killed.slice(0, 2)) process.kill(pid, 'SIGKILL');
  expectCode(await cli.run('plan', '--exit-code'), 3);
  expectCode(await cli.run('provision'), 0);
  await expectSound(18_100, password);
  expect(Object.values(serversOf(cli.dir))).toEqual(expect.arrayContaining(killed.slice(2)));
  expect((await redisCli(password, ['-c', '-p', '18100', 'GET', 'kept'])).output).toBe('value\n');
});

const ownerOf = (pid: number): number =>
  Number(/^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
