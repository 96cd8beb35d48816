import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cli, createCli } from '../../support/cli.ts';
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
  settledListingOf,
} from './support.ts';

const ports = portsFrom(18_110);
const maxmemory = '64mb';
let cli: Cli;
let password: string;

beforeAll(async () => {
  cli = await createCli(localNodes(ports, { config: { maxmemory } }));
  expectCode(await cli.run('provision'), 0);
  password = await passwordIn(cli.home);
});
afterAll(() => cli?.close());

const withConfig = (config: object): Promise<void> => cli.setInventory(localNodes(ports, { config }));

const answer = async (port: number, ...command: readonly string[]): Promise<string> =>
  (await redisCli(password, ['-p', String(port), ...command])).output.trim();

const keysOf = async (port: number): Promise<number> => Number(await answer(port, 'DBSIZE'));

/** A few megabytes of keys in the slots of a master; the others refuse them. */
const fill = (port: number): Promise<string> =>
  answer(port, 'EVAL', "for i=1,3000 do redis.pcall('SET', 'k'..i, string.rep('x', 2000)) end", '0');

async function everything() {
  return {
    files: await settledListingOf(cli.state),
    servers: serversOf(cli.dir),
    configs: await configsOf(ports, password),
  };
}

test('a changed maxmemory is changed on every node, live and in its file, and nothing else is', async () => {
  const before = await everything();
  await withConfig({ maxmemory: '96mb' });
  const plan = await cli.run('plan');
  const changes = plan.stdout.split('\n').filter((line) => /^ +[+-][^+-]/.test(line));
  expect(changes).toEqual(ports.flatMap(() => ['    -maxmemory "64mb"', '    +maxmemory "96mb"']));
  expect(plan.stdout).toContain('local:18110: set maxmemory to 96mb');
  expect(await everything()).toEqual(before);

  expectCode(await cli.run('provision'), 0);
  const after = await everything();
  expect(after.servers).toEqual(before.servers);
  expect(after.configs).toEqual(before.configs.map((config) => ({ ...config, maxmemory: '100663296' })));
  expect(differing(before.files, after.files)).toEqual(ports.map(fileOf));
  expectCode(await cli.run('plan', '--exit-code'), 0);
  await expectSound(18_110, password);
});

test('what an interrupted write left behind is removed, and nothing else is changed', async () => {
  const before = await everything();
  const left = join(cli.state, 'weedgo-redis/test/18112/.redis.conf.new');
  await writeFile(left, 'requirepass x\n', { mode: 0o600 });
  const { stdout } = await cli.run('plan');
  expect(stdout).toContain(left);
  expectCode(await cli.run('provision'), 0);
  const { files, ...after } = await everything();
  expect(after).toEqual({ servers: before.servers, configs: before.configs });
  expect(differing(before.files, files)).toEqual([]);
  expectCode(await cli.run('plan', '--exit-code'), 0);
});

test('a file that CONFIG REWRITE has written is the inventory’s again, and no user is removed', async () => {
  const before = await configsOf(ports, password);
  expect(await answer(18_112, 'CONFIG', 'REWRITE')).toBe('OK');
  expectCode(await cli.run('provision'), 0);
  expectCode(await cli.run('plan', '--exit-code'), 0);
  expect(await configsOf(ports, password)).toEqual(before);
  expect(await answer(18_112, 'ACL', 'USERS')).toBe('default');
});

test('a setting that can lose something later is named before it is applied', async () => {
  const before = await everything();
  await withConfig({ maxmemory: '96mb', save: '99999999 1', 'maxmemory-policy': 'allkeys-lru' });
  const { stderr } = await cli.run('plan');
  expect(stderr).toMatch(/local: save becomes 99999999 1, and was .*: snapshots are made so seldom/);
  expect(stderr).toMatch(/local: maxmemory-policy becomes allkeys-lru, and was noeviction: .*delete keys/);
  await withConfig({ maxmemory: '96mb', appendonly: 'no', save: '99999999 1' });
  const rare = await cli.run('plan');
  expect(rare.stderr).toContain('the nodes of local save snapshots alone, and seldom');
  expect(rare.stderr).toContain('appendonly becomes no');
  expect(await everything()).toEqual(before);
  await withConfig({ maxmemory: '96mb' });
});

test('nodes that are down are not started with a maxmemory below what they hold', async () => {
  await Promise.all(ports.map(fill));
  await Promise.all(ports.map((port) => answer(port, 'WAIT', '1', '10000')));
  const held = await Promise.all(ports.map(keysOf));
  expect(held.reduce((sum, keys) => sum + keys, 0)).toBe(6000);
  const tooSmall = { maxmemory: '3mb', 'maxmemory-policy': 'allkeys-lru' };
  await withConfig(tooSmall);
  expectCode(await cli.run('provision'), 4);
  expectCode(await cli.run('--yes', 'stop'), 0);
  const started = await cli.run('provision');
  expect(started.code).toBe(1);
  expect(started.stderr).toContain('allkeys-lru would delete keys at once');
  expect(await Promise.all(ports.map(keysOf))).toEqual(held);

  // One that fits is applied, also to nodes that are down.
  expectCode(await cli.run('--yes', 'stop'), 0);
  await withConfig({ maxmemory: '48mb' });
  expectCode(await cli.run('provision'), 0);
  expect((await configsOf(ports, password)).map((config) => config['maxmemory'])).toEqual(
    ports.map(() => String(48 << 20)),
  );
  expectCode(await cli.run('plan', '--exit-code'), 0);
  expect(await Promise.all(ports.map(keysOf))).toEqual(held);
  await withConfig({ maxmemory: '96mb' });
  expectCode(await cli.run('provision'), 0);
}, 400_000);

test('with --no-restart what only a restart changes is listed and refused, and so is all that came with it', async () => {
  const before = await everything();
  await withConfig({ maxmemory: '128mb', 'io-threads': 2, 'tcp-backlog': 128 });
  const refused = await cli.run('provision', '--no-restart');
  expectCode(refused, 4);
  for (const port of ports) expect(refused.stderr).toContain(`local:${port}`);
  expect(refused.stderr).toMatch(
    /only a restart changes .*tcp-backlog from 511 to 128.*io-threads from 1 to 2/,
  );
  expect(await everything()).toEqual(before);
  const planned = await cli.run('plan', '--no-restart');
  expectCode(planned, 4);
  expect(planned.stdout).toContain('provision would stop before changing anything');

  const json = await cli.run('--json', 'provision', '--no-restart');
  expectCode(json, 4);
  expect(JSON.parse(json.stdout)).toMatchObject({ ok: false, exitCode: 4, error: { kind: 'refused' } });
  await withConfig({ maxmemory: '96mb' });
  expectCode(await cli.run('plan', '--exit-code'), 0);
});

test('a value that Redis refuses is told with its node, and never stands in a file', async () => {
  const before = await listingOf(cli.state);
  await withConfig({ maxmemory: '96mb', 'proto-max-bulk-len': '1kb' });
  const failed = await cli.run('provision');
  expectCode(failed, 1);
  expect(failed.stderr).toMatch(/error: local:18110: set proto-max-bulk-len to 1kb .*, which failed: ERR/);
  expect(await listingOf(cli.state)).toEqual(before);
  await withConfig({ maxmemory: '96mb' });
  expectCode(await cli.run('provision'), 0);
  expectCode(await cli.run('plan', '--exit-code'), 0);
});

test('a directive that is taken out of the inventory goes back to its default, and so does one set by hand', async () => {
  await withConfig({ maxmemory: '96mb', hz: 50 });
  expectCode(await cli.run('provision'), 0);
  expect((await configsOf(ports, password)).map(({ hz }) => hz)).toEqual(ports.map(() => '50'));
  const servers = serversOf(cli.dir);
  await withConfig({ maxmemory: '96mb' });
  await Promise.all(ports.map((port) => answer(port, 'CONFIG', 'SET', 'slowlog-max-len', '77')));
  await Promise.all(ports.map((port) => answer(port, 'CONFIG', 'SET', 'lfu-decay-time', '7')));
  const seen = await cli.run('--json', 'verify');
  expect(seen.stdout).toContain('lfu-decay-time of');
  expectCode(await cli.run('provision'), 0);
  for (const config of await configsOf(ports, password))
    expect(config).toMatchObject({ hz: '10', 'slowlog-max-len': '1024', 'lfu-decay-time': '1' });
  // All of it live.
  expect(serversOf(cli.dir)).toEqual(servers);
  expectCode(await cli.run('plan', '--exit-code'), 0);
});

const fileOf = (port: number): string => `weedgo-redis/test/${port}/redis.conf`;

/** Files, not folders, of which the entry changed. */
function differing(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): readonly string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((path) => before[path] !== after[path])
    .filter((path) => !/^4\d{4} /.test(after[path] ?? ''))
    .toSorted();
}
