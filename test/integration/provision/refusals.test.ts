import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Cli, createCli } from '../../support/cli.ts';
import { startNodes, type StartOptions, type TestNodes } from '../../support/redis.ts';
import { until } from '../../support/until.ts';
import { configOf, expectCode, expectSound, listingOf, portsFrom, redisCli, serversOf } from './support.ts';

const ports = portsFrom(18_140);
const inventory = {
  cluster: 'test',
  connection: 'local',
  antiAffinity: 'none',
  production: false,
  auth: { password: { env: 'PASSWORD' } },
  hosts: [{ name: 'local', address: '127.0.0.1', ports }],
};
const password = 'the-inventory-has-it';
/** Whom the command runs as: only that user's own servers are given the password. */
const ordinary = process.getuid?.() === 0 ? 65_534 : undefined;
let cli: Cli;

beforeAll(async () => {
  cli = await createCli(inventory, { env: { PASSWORD: password } });
});
afterAll(() => cli?.close());

type Foreign = {
  readonly name: string;
  readonly options: Omit<StartOptions, 'ports'>;
  /** redis-cli arguments that make it what it is. */
  readonly prepare: readonly (readonly string[])[];
  readonly reason: RegExp;
};

const foreign: readonly Foreign[] = [
  {
    name: 'a plain server with keys and no password',
    options: { cluster: false },
    prepare: [['SET', 'precious', 'value']],
    reason: /local:18142: it runs without cluster-enabled/,
  },
  {
    name: "a plain server with keys and the inventory's password",
    options: { cluster: false, password },
    prepare: [['SET', 'precious', 'value']],
    reason: /local:18142: it runs without cluster-enabled/,
  },
  {
    name: 'a server with another password',
    options: { password: 'another' },
    prepare: [],
    reason: /local:18142: .*rejects the inventory's password/,
  },
  {
    name: "a cluster node that stands alone, with keys and the inventory's password",
    options: { password },
    prepare: [
      ['CLUSTER', 'ADDSLOTSRANGE', '0', '16383'],
      ['SET', 'precious', 'value'],
    ],
    reason: /local:18142: it holds 1 keys and belongs to no cluster/,
  },
  {
    name: 'a cluster node that owns every slot',
    options: { password },
    prepare: [['CLUSTER', 'ADDSLOTSRANGE', '0', '16383']],
    reason: /local:18142: it owns the slots/,
  },
  {
    name: 'an empty cluster node that nobody set up',
    options: { password },
    prepare: [],
    reason: /local:18142: its port 18142 is in use by/,
  },
];

describe.each(foreign)('$name', ({ options, prepare, reason, name }) => {
  test('is left alone', async () => {
    const servers = await startNodes({ ports: [18_142], ...options, user: ordinary });
    try {
      for (const command of prepare) {
        await until(async () => {
          const { output } = await redisCli(options.password, ['-p', '18142', ...command]);
          expect(output).toBe('OK\n');
        });
      }
      const before = await stateOf(servers, options.password);
      const refused = await cli.run('provision');
      expectCode(refused, name.startsWith('an empty') ? 1 : 4);
      expect(refused.stderr).toMatch(reason);
      expect(await stateOf(servers, options.password)).toEqual(before);
      await expectPlanAgrees(refused.code);
      const planned = await cli.run('plan');
      expect(planned.stdout).toMatch(reason);
      expect(planned.stdout).toContain('provision would stop before changing anything');
      const json = await cli.run('--json', 'provision');
      expect(JSON.parse(json.stdout)).toMatchObject({ schemaVersion: 1, ok: false, exitCode: json.code });
    } finally {
      await servers.close();
    }
  });
});

/** plan ends as provision does, with --exit-code and without, and its document says so. */
async function expectPlanAgrees(code: number): Promise<void> {
  for (const options of [[], ['--exit-code']]) {
    const planned = await cli.run('--json', 'plan', ...options);
    expectCode(planned, code);
    expect(JSON.parse(planned.stdout)).toMatchObject({ ok: false, exitCode: code });
  }
}

async function stateOf({ nodes }: TestNodes, secret: string | undefined) {
  const answers = await Promise.all(
    nodes.map(async ({ port }) => ({
      config: await configOf(port, secret),
      keys: (await redisCli(secret, ['-p', String(port), 'DBSIZE'])).output,
      users: (await redisCli(secret, ['-p', String(port), 'ACL', 'LIST'])).output,
      cluster: (await redisCli(secret, ['-p', String(port), 'CLUSTER', 'NODES'])).output.replaceAll(
        / \d+ \d+ (\d+) /g,
        ' $1 ',
      ),
    })),
  );
  return { answers, files: await listingOf(cli.state), servers: serversOf(cli.dir) };
}

test('a node of another cluster is left alone, and so is its cluster', async () => {
  const other = await startNodes({ ports: [18_142, 18_150, 18_151], password, user: ordinary });
  try {
    const seeds = other.nodes.map(({ port }) => `127.0.0.1:${port}`);
    const made = await redisCli(password, ['--cluster', 'create', ...seeds, '--cluster-yes']);
    expect(made.output).toContain('[OK] All 16384 slots covered.');
    await redisCli(password, ['-c', '-p', '18150', 'SET', 'precious', 'value']);
    const before = await stateOf(other, password);
    const refused = await cli.run('provision');
    expectCode(refused, 4);
    expect(refused.stderr).toMatch(/local:18142: it belongs to a cluster with 127.0.0.1:1815[01]/);
    await expectPlanAgrees(4);
    expect(await stateOf(other, password)).toEqual(before);
    await expectSound(18_150, password, 3);
  } finally {
    await other.close();
  }
});

describe('a port that something else has', () => {
  const script =
    'require("net").createServer().listen(+process.argv[1], "127.0.0.1", () => console.log("up"))';

  test.each([
    { who: 'of the same user', user: 65_534, names: /in use by node \(pid \d+\) on 127.0.0.1/ },
    { who: 'of root', user: 0, names: /in use by another process on 127.0.0.1/ },
  ])('is named, for a process $who', async ({ user, names }) => {
    if (process.getuid?.() !== 0 && user === 0) return;
    for (const port of [18_144, 28_144]) {
      const ids = process.getuid?.() === 0 ? { uid: user, gid: user } : {};
      const holder = spawn(process.execPath, ['-e', script, String(port)], { ...ids, cwd: '/' });
      try {
        await once(holder.stdout, 'data');
        const failed = await cli.run('provision');
        expectCode(failed, 1);
        expect(failed.stderr).toMatch(names);
        await expectPlanAgrees(1);
        expect(failed.stderr).toContain(
          port > 28_000 ? 'local:18144: its bus port 28144' : 'local:18144: its port 18144',
        );
        expect(await listingOf(cli.state)).toEqual({});
      } finally {
        holder.kill('SIGKILL');
        await once(holder, 'exit');
      }
    }
  });
});

test('a server that does not start: the end of its log, its configuration, and a rerun that completes', async () => {
  await cli.setInventory({ ...inventory, config: { 'proto-max-bulk-len': '1kb' } });
  const failed = await cli.run('provision');
  expectCode(failed, 1);
  expect(failed.stderr).toContain('could not start local:18140');
  expect(failed.stderr).toContain('FATAL CONFIG FILE ERROR');
  expect(failed.stderr).toContain('proto-max-bulk-len "1kb"');
  expect(failed.stderr).toContain(`the configuration is ${cli.state}/weedgo-redis/test/18140/redis.conf`);
  expect(failed.stderr).not.toContain(password);
  expect(serversOf(cli.dir)).toEqual({});
  await cli.setInventory(inventory);
  expectCode(await cli.run('provision'), 0);
  await expectSound(18_140, password);
});

test('of two that provision at once one works, and the other names who holds the lock', async () => {
  expectCode(await cli.run('destroy', '--confirm', 'test'), 0);
  const first = cli.start('--verbose', 'provision');
  await new Promise<void>((resolve) => first.onLine((line) => line.includes('make directory') && resolve()));
  // Held there, or it could be done before the other has looked.
  first.kill('SIGSTOP');
  const second = await cli.run('provision');
  const plan = await cli.run('plan', '--exit-code');
  first.kill('SIGCONT');
  expectCode(second, 4);
  expectCode(plan, 4);
  expect(plan.stdout).toMatch(/refused: test is locked by \S+@\S+ since .*: provision/);
  expect(second.stderr).toMatch(/test is locked by \S+@\S+ since .*: provision/);
  expectCode(await first.done, 0);
  await expectSound(18_140, password);
});
