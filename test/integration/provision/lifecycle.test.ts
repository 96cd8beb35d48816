import { chmod, mkdir, readdir, readFile, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../../src/report/schema.ts';
import { type Cli, createCli } from '../../support/cli.ts';
import { seeAndFix } from '../../support/operator.ts';
import { until } from '../../support/until.ts';
import { atTerminal, ctrlC } from '../../support/terminal.ts';
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

const typeTheName = /Type its name to continue: $/;

describe('six nodes on this machine', () => {
  const ports = portsFrom(18_130);
  let cli: Cli;
  let password: string;

  beforeAll(async () => {
    cli = await createCli(localNodes(ports));
    expectCode(await cli.run('provision'), 0);
    password = await passwordIn(cli.home);
    for (let key = 0; key < 30; key += 1) {
      await redisCli(password, ['-c', '-p', '18130', 'SET', `key:${key}`, `value:${key}`]);
    }
  });
  afterAll(() => cli?.close());

  test('stop of a production cluster asks, on this machine too', async () => {
    await cli.setInventory(localNodes(ports, { production: true }));
    const asked = await cli.run('stop');
    expectCode(asked, 4);
    expect(asked.stderr).toContain('applications lose it until it is started again: not confirmed');
    expect(Object.keys(serversOf(cli.dir))).toHaveLength(6);
    await cli.setInventory(localNodes(ports));
  });

  test('stop ends every node, and once more does nothing', async () => {
    const stopped = await cli.run('stop');
    expectCode(stopped, 0);
    expect(stopped.stdout).toContain('test is stopped; its data stays.');
    expect(serversOf(cli.dir)).toEqual({});
    const again = await cli.run('stop');
    expectCode(again, 0);
    expect(again.stdout).toContain('Nothing to do');
  });

  test('start brings back the same cluster with its keys and roles', async () => {
    const started = await cli.run('--json', 'start');
    expectCode(started, 0);
    expect(JSON.parse(started.stdout)).toMatchObject({
      schemaVersion: 1,
      ok: true,
      changed: true,
      nodes: ['local:18130', 'local:18133', 'local:18131', 'local:18134', 'local:18132', 'local:18135'].map(
        (node, index) => ({ node, role: index % 2 === 0 ? 'master' : 'replica' }),
      ),
    });
    await expectSound(18_130, password);
    for (let key = 0; key < 30; key += 1) {
      const { output } = await redisCli(password, ['-c', '-p', '18130', 'GET', `key:${key}`]);
      expect(output).toBe(`value:${key}\n`);
    }
    expect((await cli.run('start')).stdout).toContain('Nothing to do');
    expectCode(await cli.run('plan', '--exit-code'), 0);
  });

  test('restart is refused before a node is stopped that could not save its last snapshot', async () => {
    const before = serversOf(cli.dir);
    const data = join(cli.state, 'weedgo-redis/test/18133/data');
    await chmod(data, 0o555);
    const refused = await cli.run('restart', 'local:18133');
    await chmod(data, 0o750);
    expectCode(refused, 4);
    expect(refused.stderr).toContain(`${data} is not writable by the server's user`);
    expect(serversOf(cli.dir)).toEqual(before);
    await expectSound(18_130, password);
  });

  test('its only host cannot be drained, and nothing is remembered of that', async () => {
    const refused = await cli.run('--yes', 'drain', 'local');
    expectCode(refused, 4);
    expect(refused.stderr).toContain('is on local, which is being drained');
    for (const config of await configsOf(ports, password))
      expect(config).toMatchObject({ 'cluster-replica-no-failover': 'no' });
    expect((await cli.run('undrain', 'local')).stdout).toContain('Nothing to do');
  });

  test('provision after a stop is a start', async () => {
    expectCode(await cli.run('stop'), 0);
    expectCode(await cli.run('provision'), 0);
    await expectSound(18_130, password);
  });

  test('destroy wants the name of the cluster, and says what it would delete', async () => {
    const before = { servers: serversOf(cli.dir) };
    for (const args of [['destroy'], ['--yes', 'destroy'], ['destroy', '--confirm', 'tset']]) {
      const refused = await cli.run(...args);
      expectCode(refused, 4);
      expect(refused.stderr).toContain('Type test on a terminal, or give --confirm test.');
    }
    expect({ servers: serversOf(cli.dir) }).toEqual(before);
    await expectSound(18_130, password);
  });

  test('destroy at a terminal says what it deletes, and takes nothing but the typed name', async () => {
    const before = { servers: serversOf(cli.dir) };
    const wrong = await atTerminal(cli, ['destroy'], [[typeTheName, 'yes']]);
    expect(wrong.screen).toContain('this deletes the cluster test and every key in it');
    expect(wrong.screen).toMatch(/stop local:18130[^]*remove .*all that is in it/);
    expect(wrong.screen).toContain('"yes" is not test');
    expect(wrong.code).toBe(4);
    expect({ servers: serversOf(cli.dir) }).toEqual(before);
  });

  test('Ctrl-C at a question ends the command, and nothing is done', async () => {
    const { code, screen } = await atTerminal(cli, ['destroy'], [[typeTheName, ctrlC]]);
    expect(screen).toContain('interrupted: a question was not answered');
    expect(code).toBe(130);
    await expectSound(18_130, password);
  });

  test('destroy leaves nothing of the cluster, and everything else', async () => {
    await cli.write('state/weedgo-redis/another/18139/redis.conf', '# not ours\n');
    const others = await listingOf(join(cli.state, 'weedgo-redis', 'another'));
    const { code, screen } = await atTerminal(cli, ['destroy'], [[typeTheName, 'test']]);
    expect(code, screen).toBe(0);
    expect(screen).toContain('test is gone, with all its data.');
    expect(serversOf(cli.dir)).toEqual({});
    expect((await readdir(join(cli.state, 'weedgo-redis'))).toSorted()).toEqual(['.operations', 'another']);
    expect(await listingOf(join(cli.state, 'weedgo-redis', 'another'))).toEqual(others);
    expect(await passwordIn(cli.home)).toBe(password);

    const again = await cli.run('destroy', '--confirm', 'test');
    expectCode(again, 0);
    expect(again.stdout).toContain('Nothing to do');
  });

  test('the name is free again afterwards', async () => {
    expectCode(await cli.run('plan', '--exit-code'), 3);
    expectCode(await cli.run('provision'), 0);
    await expectSound(18_130, password);
  });
});

describe('three hosts on this machine', () => {
  let cli: Cli;

  beforeAll(async () => {
    cli = await createCli(
      localNodes([], {
        hosts: ['a', 'b', 'c'].map((name, index) => ({
          name,
          address: `127.0.0.${index + 1}`,
          ports: [18_130 + index, 18_133 + index],
        })),
      }),
    );
  });
  afterAll(() => cli?.close());

  test('start of what was never provisioned says so, and starts nothing', async () => {
    const refused = await cli.run('start');
    expectCode(refused, 4);
    expect(refused.stderr).toContain('a has no configuration of a:18130, a:18133');
    expect(refused.stderr).toContain('.yaml provision');
  });

  test('verify of what was never provisioned says that alone, and its fix ends it', async () => {
    const verify = async (): Promise<Report> => JSON.parse((await cli.run('--json', 'verify')).stdout);
    await seeAndFix({ cli, verify }, ['WR-NOT-PROVISIONED']);
  });

  test('destroy removes their folder only when all of their servers have ended', async () => {
    expectCode(await cli.run('provision'), 0);
    const password = await passwordIn(cli.home);
    const at = (port: number, ...command: readonly string[]) =>
      redisCli(password, ['-c', '-h', '127.0.0.3', '-p', String(port), ...command]);
    for (let key = 0; key < 30; key += 1) await at(18_132, 'SET', `key:${key}`, 'value');
    // About ten keys each, and each takes 300 ms to be saved.
    for (const port of [18_132, 18_135]) {
      expect((await at(port, 'CONFIG', 'SET', 'save', '3600 1', 'rdb-key-save-delay', '300000')).output).toBe(
        'OK\n',
      );
    }
    const destroying = cli.start('destroy', '--confirm', 'test');
    const running = (): string => Object.keys(serversOf(cli.dir)).join();
    await until(async () => expect(running()).not.toContain('127.0.0.1:'));
    expect(running()).toContain('127.0.0.3:');
    expectCode(await destroying.done, 0);
    expect(serversOf(cli.dir)).toEqual({});
    expect(await readdir(join(cli.state, 'weedgo-redis'))).toEqual(['.operations']);
  });
});

describe('a standalone server that has much to load', () => {
  let cli: Cli;

  beforeAll(async () => {
    cli = await createCli(
      localNodes([18_170], {
        mode: 'standalone',
        // µs a key, and how many bytes are read before anybody is answered.
        config: { 'key-load-delay': 1000, 'loading-process-events-interval-bytes': 1024 },
      }),
    );
  });
  afterAll(() => cli?.close());

  test('is started when it serves, not when it answers', async () => {
    expectCode(await cli.run('provision'), 0);
    const secret = await passwordIn(cli.home);
    const redis = async (...words: readonly string[]): Promise<string> =>
      (await redisCli(secret, ['-p', '18170', ...words])).output.trim();
    await redis('EVAL', "for i = 1, 3000 do redis.call('SET', i, i) end", '0');
    // What is rewritten is loaded key by key.
    await redis('BGREWRITEAOF');
    await until(async () =>
      expect(await redis('INFO', 'persistence')).toMatch(/aof_rewrite_in_progress:0[^]*aof_rewrites:1/),
    );
    expectCode(await cli.run('stop'), 0);
    const starting = cli.start('start');
    await until(async () => expect(await redis('GET', '1')).toContain('LOADING'));
    expect((await cli.run('status')).stderr).toContain('LOADING');
    expect((await starting.done).code).toBe(0);
    expect(await redis('GET', '3000')).toBe('3000');
  });
});

describe('a standalone server that cannot save its last snapshot', () => {
  let cli: Cli;
  let data: string;
  const ask = async (...words: readonly string[]): Promise<string> =>
    (await redisCli(await passwordIn(cli.home), ['-p', '18171', ...words])).output.trim();

  beforeAll(async () => {
    cli = await createCli(localNodes([18_171], { mode: 'standalone' }));
    expectCode(await cli.run('provision'), 0);
    data = join(cli.state, 'weedgo-redis/test/18171/data');
    expect(await ask('SET', 'key', 'value')).toBe('OK');
  });
  afterAll(() => cli?.close());

  test('a folder that it may not write: refused while it runs, and the printed command fixes it', async () => {
    await chmod(data, 0o555);
    const refused = await cli.run('stop');
    expectCode(refused, 4);
    expect(refused.stderr).toContain(`${data} is not writable by the server's user`);
    expect(await ask('GET', 'key')).toBe('value');
    const [, fix = ''] = /Run `(chmod [^`]+)`/.exec(refused.stderr) ?? [];
    expectCode(await cli.shell(fix), 0);
  });

  test('a snapshot that failed: refused until one succeeds', async () => {
    await chmod(data, 0o555);
    await ask('BGSAVE');
    await until(async () => expect(await ask('INFO', 'persistence')).toContain('rdb_last_bgsave_status:err'));
    await chmod(data, 0o750);
    const refused = await cli.run('stop');
    expectCode(refused, 4);
    expect(refused.stderr).toContain('its last snapshot failed (rdb_last_bgsave_status:err)');
    const [, fix = ''] = /Run `weedgo-redis -i \S+ (call [^`]+)`/.exec(refused.stderr) ?? [];
    expectCode(await cli.run(...fix.split(' ')), 0);
    await until(async () => expect(await ask('INFO', 'persistence')).toContain('rdb_last_bgsave_status:ok'));
  });

  test('a save that fails all the same: the stop says what the log says, and ends with the server', async () => {
    const pid = Number((await readFile(join(data, '../redis.pid'), 'utf8')).trim());
    // The name that it writes its snapshot to, which a look beforehand does not find.
    await mkdir(join(data, `temp-${pid}.rdb`));
    const stopping = cli.start('stop');
    const said: string[] = [];
    stopping.onLine((line) => said.push(line));
    await until(async () =>
      expect(said.join('\n')).toMatch(/local:18171 does not end yet; its log says: .*shut/),
    );
    await rmdir(join(data, `temp-${pid}.rdb`));
    process.kill(pid, 'SIGTERM');
    expectCode(await stopping.done, 0);
  });
});

describe('a folder that is not the cluster’s', () => {
  test('is not destroyed', async () => {
    const cli = await createCli(localNodes(portsFrom(18_130)));
    try {
      await cli.write('state/weedgo-redis/test/18130/redis.conf', 'port 18130\n');
      const before = await listingOf(cli.state);
      const refused = await cli.run('destroy', '--confirm', 'test');
      expectCode(refused, 4);
      expect(refused.stderr).toContain('was not written by weedgo-redis');
      expectCode(await cli.run('provision'), 4);
      expect(await listingOf(cli.state)).toEqual(before);
    } finally {
      await cli.close();
    }
  });
});

describe('mode: standalone', () => {
  const port = 18_137;
  let cli: Cli;

  beforeAll(async () => {
    cli = await createCli({
      cluster: 'dev',
      mode: 'standalone',
      connection: 'local',
      production: false,
      hosts: [{ name: 'local', address: '127.0.0.1', ports: [port] }],
    });
  });
  afterAll(() => cli?.close());

  test('is one plain server, without a password on loopback', async () => {
    expectCode(await cli.run('plan', '--exit-code'), 3);
    const provisioned = await cli.run('provision');
    expectCode(provisioned, 0);
    expect(provisioned.stdout).toMatch(/local:18137 +standalone/);
    expect((await redisCli(undefined, ['-p', String(port), 'SET', 'a', 'b'])).output).toBe('OK\n');
    expect((await redisCli(undefined, ['-p', String(port), 'INFO', 'cluster'])).output).toContain(
      'cluster_enabled:0',
    );
    expect((await cli.run('provision')).stdout).toContain('Nothing to do');
  });

  test('is given a password while it runs, keeps its keys through stop and start, and goes', async () => {
    await cli.write('secret', 'from now on\n');
    await cli.setInventory({
      cluster: 'dev',
      mode: 'standalone',
      connection: 'local',
      production: false,
      auth: { password: { file: 'secret' } },
      hosts: [{ name: 'local', address: '127.0.0.1', ports: [port] }],
    });
    const servers = serversOf(cli.dir);
    expectCode(await cli.run('provision'), 0);
    expect(serversOf(cli.dir)).toEqual(servers);
    expect((await redisCli(undefined, ['-p', String(port), 'GET', 'a'])).output).toContain('NOAUTH');
    expectCode(await cli.run('stop'), 0);
    expectCode(await cli.run('start'), 0);
    expect((await redisCli('from now on', ['-p', String(port), 'GET', 'a'])).output).toBe('b\n');
    expectCode(await cli.run('plan', '--exit-code'), 0);
    expectCode(await cli.run('destroy', '--confirm', 'dev'), 0);
    expect(serversOf(cli.dir)).toEqual({});
  });
});
