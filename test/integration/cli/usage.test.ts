import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseInventory } from '../../../src/inventory/load.ts';
import { type Cli, createCli } from '../../support/cli.ts';

/** What the command line answers before any host is contacted. */
let cli: Cli;
beforeAll(async () => {
  cli = await createCli(undefined);
});
afterAll(() => cli.close());

describe('a wrong command line', () => {
  it.each([
    [['frobnicate'], /unknown command 'frobnicate'/],
    [['plan', '--frob'], /unknown option '--frob'/],
    [['provision', 'extra'], /too many arguments/],
    [['verify', '--fail-on', 'info'], /--fail-on takes critical or warning/],
    [['render'], /-o DIR/],
    [['status', '--watch', '0'], /--watch takes a number of seconds, 0\.1 to 86400/],
    [['drain'], /missing required argument 'host'\n\(weedgo-redis drain --help /],
  ])('%j ends with 2 and says why', async (args, said) => {
    const { code, stdout, stderr } = await cli.run(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(said);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it('is one JSON document where JSON was asked for', async () => {
    const { code, stdout } = await cli.run('--json', 'provision', 'extra');
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({
      schemaVersion: 1,
      ok: false,
      exitCode: 2,
      error: { kind: 'usage' },
    });
  });
});

describe('init', () => {
  it('writes a valid inventory with every --host, and never over a file', async () => {
    const file = join(cli.home, 'new.yaml');
    const hosts = ['a@10.0.0.1', 'a@10.0.0.2', 'root@10.0.0.3:2222'].flatMap((host) => ['--host', host]);
    expect(await cli.run('init', '-o', file, ...hosts)).toMatchObject({ code: 0, stderr: '' });
    const inventory = parseInventory(await readFile(file, 'utf8'), file);
    expect(inventory.hosts.map(({ address, ssh }) => [address, ssh.user, ssh.port])).toEqual([
      ['10.0.0.1', 'a', undefined],
      ['10.0.0.2', 'a', undefined],
      ['10.0.0.3', 'root', 2222],
    ]);
    expect(inventory.nodes).toHaveLength(6);
    expect(await cli.run('init', '-o', file, ...hosts)).toMatchObject({ code: 2 });
  });

  it('without a terminal and without hosts asks nothing', async () => {
    expect(await cli.run('init')).toMatchObject({ code: 2 });
  });
});

describe('whoever reads may leave', () => {
  it.each([
    ['stdout', ['--help']],
    ['stdout', ['env']],
    ['stderr', ['env']],
  ] as const)('a closed %s changes nothing: %j', async (closed, args) => {
    const [program = '', ...words] = cli.commandLine(...args);
    const child = spawn(program, words, {
      env: cli.environment,
      cwd: cli.dir,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child[closed].destroy();
    let said = '';
    child[closed === 'stdout' ? 'stderr' : 'stdout'].on('data', (data: Buffer) => (said += data.toString()));
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(0);
    expect(said).not.toMatch(/EPIPE|\n\s+at /);
    if (closed === 'stderr') expect(said).toMatch(/REDIS_CLUSTER_NODES=/);
  });

  it('a full disk is said, without a stack trace', async () => {
    const { code, stderr } = await cli.shell('weedgo-redis env >/dev/full');
    expect(code).toBe(1);
    expect(stderr).toMatch(/the result cannot be written: ENOSPC/);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});

it('without an inventory takes the built-in one, and says so', async () => {
  const { code, stdout, stderr } = await cli.run('env');
  expect(code).toBe(0);
  expect(stdout).toMatch(/REDIS_CLUSTER_NODES=.*127\.0\.0\.1:7000/);
  expect(stderr).toMatch(/no inventory given: using the built-in one/);
});

it.each(['--version', '--help'])('%s loads nothing but commander', async (flag) => {
  const bin = fileURLToPath(new URL('../../../bin/weedgo-redis.js', import.meta.url));
  const env = { PATH: process.env['PATH'], NODE_DEBUG: 'esm' };
  const { status, stderr } = spawnSync(process.execPath, [bin, flag], { env, encoding: 'utf8' });
  const files = new Set([...stderr.matchAll(/file:\/\/\S+\/dist\/[\w-]+\.js/g)].map(([url]) => url));
  const texts = await Promise.all([...files].map((url) => readFile(fileURLToPath(url), 'utf8')));
  // The build says above each part of a library where it is from.
  const parts = texts.join('\n').matchAll(/^\/\/ node_modules\/((?:@[\w.-]+\/)?[\w.-]+)/gm);
  const packages = new Set([...parts].map(([, name]) => name));
  expect({ status, packages: [...packages] }).toEqual({ status: 0, packages: ['commander'] });
});
