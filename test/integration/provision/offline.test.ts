import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type Cli, createCli } from '../../support/cli.ts';
import { atTerminal } from '../../support/terminal.ts';
import { expectCode, localNodes, portsFrom } from './support.ts';

/** TEST-NET-1 (RFC 5737): nobody answers there, so a command that contacted a host would fail or hang. */
const nowhere = {
  cluster: 'prod',
  auth: {
    password: { env: 'ADMIN_PASSWORD' },
    application: { user: 'shop', password: { file: 'app.password' } },
  },
  hosts: [1, 2, 3].map((index) => ({
    name: `redis${index}`,
    address: `192.0.2.${index}`,
    ports: [6999 + index, 7002 + index],
  })),
  config: { maxmemory: '1gb' },
};
let cli: Cli;

beforeAll(async () => {
  cli = await createCli(nowhere, { env: { ADMIN_PASSWORD: 'the-admins' } });
  await cli.write('app.password', 'the-applications\n');
});
afterAll(() => cli?.close());

test('render writes every file by host, passwords masked, modes kept', async () => {
  const rendered = await cli.run('render', '-o', 'out');
  expectCode(rendered, 0);
  expect((await readdir(join(cli.dir, 'out'))).toSorted()).toEqual(['redis1', 'redis2', 'redis3']);
  const host = join(cli.dir, 'out/redis2');
  const conf = await readFile(join(host, 'etc/weedgo-redis/redis-7001.conf'), 'utf8');
  expect(conf).toContain('bind "192.0.2.2" "127.0.0.1" "-::1"');
  expect(conf).not.toContain('the-admins');
  expect((await stat(join(host, 'etc/weedgo-redis/redis-7001.conf'))).mode & 0o777).toBe(0o600);
  expect(await readdir(join(host, 'etc/systemd/system'))).toEqual(['weedgo-redis@.service']);
  expect(rendered.stdout).toContain('Passwords are masked');
  expectCode(await cli.run('render', '-o', 'real', '--show-secrets'), 0);
  const real = await readFile(join(cli.dir, 'real/redis2/etc/weedgo-redis/redis-7001.conf'), 'utf8');
  expect(real).toContain('requirepass "the-admins"');
  expect(real).not.toContain('the-applications');
});

test('env prints what the application needs, the password only when asked', async () => {
  const env = await cli.run('env');
  expectCode(env, 0);
  expect(env.stdout).toContain('REDIS_HOST=192.0.2.1\nREDIS_PORT=7000\n');
  expect(env.stdout).toContain('REDIS_DB=0\nREDIS_USERNAME=shop\n');
  expect(env.stdout).toContain('REDIS_SSL=false\n');
  expect(env.stdout).toMatch(/^REDIS_CLUSTER_NODES=192\.0\.2\.1:7000,.*,192\.0\.2\.3:7005$/m);
  expect(env.stdout).not.toContain('the-');
  const shown = await cli.run('env', '--show-secrets');
  expect(shown.stdout).toContain('REDIS_PASSWORD=the-applications\n');
  expect(shown.stdout).not.toContain('the-admins');
});

describe('render compose', () => {
  test('is a compose file whose health check has the password in no argument', async () => {
    const dev = await createCli({
      cluster: 'dev',
      mode: 'standalone',
      connection: 'local',
      auth: { password: { file: 'secret' } },
      hosts: [{ name: 'local', address: '127.0.0.1', ports: [6379] }],
    });
    try {
      await dev.write('secret', 'the-secret\n');
      expectCode(await dev.run('render', 'compose', '-o', 'out'), 0);
      const text = await readFile(join(dev.dir, 'out/docker-compose.yml'), 'utf8');
      const compose = parse(text) as {
        readonly services: { readonly redis: Readonly<Record<string, unknown>> };
        readonly secrets: object;
      };
      expect(compose.services.redis['ports']).toEqual(['127.0.0.1:6379:6379']);
      expect(compose.secrets).toEqual({ redis_password: { file: join(dev.dir, 'secret') } });
      const { test: check } = compose.services.redis['healthcheck'] as { readonly test: readonly string[] };
      expect(check[0]).toBe('CMD-SHELL');
      expect(check[1]).toMatch(/^REDISCLI_AUTH=.* redis-cli -p 6379 ping \| grep -q PONG$/);
      expect(check[1]).not.toMatch(/ (-a|--pass) /);
      const conf = await readFile(join(dev.dir, 'out/redis.conf'), 'utf8');
      expect(text + conf).not.toContain('the-secret');
    } finally {
      await dev.close();
    }
  });

  test('is refused for a cluster', async () => {
    const refused = await cli.run('render', 'compose', '-o', 'compose');
    expectCode(refused, 2);
    expect(refused.stderr).toContain('mode: cluster');
  });
});

describe('init', () => {
  test('writes an inventory that validates, with comments and a schema; never over a file', async () => {
    const place = await createCli(undefined);
    try {
      const hosts = ['deploy@192.0.2.1', 'deploy@192.0.2.2', 'deploy@192.0.2.3:2222'];
      const args = hosts.flatMap((host) => ['--host', host]);
      expectCode(await place.run('init', '--cluster', 'shop', ...args), 0);
      const file = join(place.dir, 'weedgo-redis.yaml');
      const text = await readFile(file, 'utf8');
      const [, schema = ''] = /^# yaml-language-server: \$schema=(.*)$/m.exec(text) ?? [];
      expect(JSON.parse(await readFile(schema, 'utf8'))).toMatchObject({ title: 'weedgo-redis inventory' });
      expect(text.match(/^ *#/gm)?.length).toBeGreaterThan(5);
      const env = await place.run('env');
      expectCode(env, 0);
      expect(env.stdout).toContain('REDIS_CLUSTER_NODES=192.0.2.1:7000,192.0.2.2:7001,192.0.2.3:7002');
      expectCode(await place.run('init', ...args), 2);
      expect(await readFile(file, 'utf8')).toBe(text);
    } finally {
      await place.close();
    }
  });

  test('asks at a terminal, and again where an answer makes no sense', async () => {
    const place = await createCli(undefined);
    try {
      const asked = await atTerminal(
        place,
        ['init'],
        [
          [/Name of the cluster \[weedgo-redis\]: $/, 'shop'],
          [/Host 1 .*: $/, 'deploy@192.0.2.1'],
          [/Host 2 .*: $/, 'deploy@192.0.2.2:99999'],
          [/99999[^]*Host 2 .*: $/, 'deploy@192.0.2.2'],
          [/Host 3 .*: $/, '192.0.2.3'],
          [/Host 4 .*: $/, ''],
        ],
      );
      expect(asked.code, asked.screen).toBe(0);
      const env = await place.run('env');
      expectCode(env, 0);
      expect(env.stdout).toContain('REDIS_CLUSTER_NODES=192.0.2.1:7000,192.0.2.2:7001,192.0.2.3:7002');
      expect(await readFile(join(place.dir, 'weedgo-redis.yaml'), 'utf8')).toMatch(/^cluster: "shop"$/m);
    } finally {
      await place.close();
    }
  });

  test('without a terminal and without --host it says what to give', async () => {
    const place = await createCli(undefined);
    try {
      const refused = await place.run('init');
      expectCode(refused, 2);
      expect(refused.stderr).toContain('name every host with --host');
      expect(await readdir(place.dir)).toEqual(['home', 'state']);
    } finally {
      await place.close();
    }
  });
});

test('a bad inventory is exit 2 with every problem at its place, and nothing is contacted or made', async () => {
  const bad = await createCli(
    [
      'cluster: shop',
      'hsots: []',
      'hosts:',
      '  - { name: a, address: 192.0.2.1, ports: [70000, 7000] }',
      '',
    ].join('\n'),
  );
  try {
    for (const command of ['plan', 'provision', 'stop', 'env']) {
      const result = await bad.run(command);
      expectCode(result, 2);
      expect(result.stdout).toBe('');
      expect(result.stderr).toContain(`${bad.inventory}:2:1: `);
      expect(result.stderr).toContain('did you mean "hosts"');
      expect(result.stderr).toContain(`${bad.inventory}:4:`);
    }
    const json = await bad.run('--json', 'provision');
    expect(JSON.parse(json.stdout)).toMatchObject({ ok: false, exitCode: 2, error: { kind: 'usage' } });
    expect(await readdir(bad.state)).toEqual([]);
  } finally {
    await bad.close();
  }
});

test.each([
  ['a variable that is not set', { env: 'NOT_SET' }, '$NOT_SET is not set'],
  ['a file that is not there', { file: 'nothing' }, 'the secret cannot be read'],
  ['a command that fails', { command: ['false'] }, 'failed (1) and gave no secret'],
])('a missing secret, %s, is exit 2 at its place', async (_, password, reason) => {
  const place = await createCli(localNodes(portsFrom(18_230), { auth: { password } }));
  try {
    const result = await place.run('provision');
    expectCode(result, 2);
    expect(result.stderr).toMatch(new RegExp(`^error: ${place.inventory}:\\d+:\\d+: auth\\.password`, 'm'));
    expect(result.stderr).toContain(reason);
    expect(await readdir(place.state)).toEqual([]);
  } finally {
    await place.close();
  }
});
