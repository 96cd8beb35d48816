import { rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Cli, createCli } from '../../support/cli.ts';
import { until } from '../../support/until.ts';
import { expectCode, localNodes, passwordIn, portsFrom, redisCli, serversOf } from '../provision/support.ts';

type Finding = { readonly id: string; readonly nodes: readonly string[]; readonly remedy: readonly string[] };

async function findings(cli: Cli): Promise<readonly Finding[]> {
  const { stdout } = await cli.run('--json', 'verify');
  const report = JSON.parse(stdout) as { readonly findings: readonly Finding[] };
  return report.findings;
}

/** Runs the commands of a finding as they are printed; each has to end well. */
async function follow(cli: Cli, { remedy }: Finding): Promise<void> {
  for (const line of remedy) {
    const { code, stderr, stdout } = await cli.shell(line);
    expect({ line, code, said: code === 0 ? '' : stdout + stderr }).toEqual({ line, code: 0, said: '' });
  }
}

describe('six nodes whose state folder is a link to another disk', () => {
  const ports = portsFrom(18_700);
  let cli: Cli;
  let password: string;
  let folder: string;

  beforeAll(async () => {
    cli = await createCli(localNodes(ports, { config: { 'cluster-node-timeout': 3000 } }));
    await rename(cli.state, join(cli.dir, 'disk'));
    await symlink(join(cli.dir, 'disk'), cli.state);
    folder = join(cli.state, 'weedgo-redis/test');
    expectCode(await cli.run('provision'), 0);
    password = await passwordIn(cli.home);
    for (let key = 0; key < 30; key += 1) {
      await redisCli(password, ['-c', '-p', '18700', 'SET', `key:${key}`, `value:${key}`]);
    }
  });
  afterAll(() => cli?.close());

  async function expectKeys(): Promise<void> {
    for (let key = 0; key < 30; key += 1) {
      const { output } = await redisCli(password, ['-c', '-p', '18704', 'GET', `key:${key}`]);
      expect(output).toBe(`value:${key}\n`);
    }
  }

  test('the nodes are recognised: nothing to do, nothing to report, and a restart ends', async () => {
    expectCode(await cli.run('plan', '--exit-code'), 0);
    expectCode(await cli.run('restart', 'local:18703'), 0);
    expect((await findings(cli)).map(({ id }) => id)).not.toContain('WR-CONFIG-LIVE');
  });

  test('stop ends the servers, and start brings them back', async () => {
    expectCode(await cli.run('stop'), 0);
    expect(serversOf(cli.dir)).toEqual({});
    expectCode(await cli.run('start'), 0);
    await expectKeys();
  });

  test('a node whose pid file was lost is still the node', async () => {
    await rm(join(folder, '18704/redis.pid'));
    expectCode(await cli.run('plan', '--exit-code'), 0);
  });

  test('a server that is not the node is not taken for one that is stopped', async () => {
    expectCode(await cli.run('stop'), 0);
    // Its own configuration, in another folder and without a pid file.
    const script = [
      `mkdir "${folder}/elsewhere"`,
      `cp "${folder}/18704/redis.conf" "${folder}/elsewhere/redis.conf"`,
      `cd "${folder}/elsewhere"`,
      `exec redis-server ./redis.conf --dir "$PWD" --pidfile "" --logfile "" --daemonize yes`,
    ];
    expectCode(await cli.shell(script.join(' && ')), 0);
    await until(async () => {
      expect((await redisCli(password, ['-p', '18704', 'PING'])).output).toBe('PONG\n');
    });
    for (const command of [['stop'], ['destroy', '--confirm', 'test']]) {
      const result = await cli.run(...command);
      expectCode(result, 1);
      expect(result.stderr).toMatch(/local:18704: its port 18704 is in use by redis-server \(pid \d+\)/);
    }
    await redisCli(password, ['-p', '18704', 'SHUTDOWN', 'NOSAVE']);
    await rm(join(folder, 'elsewhere'), { recursive: true });
    expectCode(await cli.run('start'), 0);
    await expectKeys();
  });

  test.each([
    { what: 'a replica', port: 18_703 },
    { what: 'a master', port: 18_701 },
  ])(
    'the data folder of $what is removed under it: named, and the printed commands replace it',
    async ({ port }) => {
      await rm(join(folder, String(port), 'data'), { recursive: true });
      const found = await findings(cli);
      const gone = found.find(({ id }) => id === 'WR-DATA-GONE');
      expect(gone?.nodes).toEqual([`local:${port}`]);
      expect(found.map(({ id }) => id)).not.toContain('WR-CONFIG-LIVE');
      const restarted = await cli.run('restart', `local:${port}`);
      expectCode(restarted, 4);
      expect(restarted.stderr).toMatch(/its data folder \S+ is gone/);
      const provisioned = await cli.run('provision');
      expectCode(provisioned, 4);
      expect(provisioned.stderr).toContain('its data folder');
      if (!gone) throw new Error('no finding');
      await follow(cli, gone);
      expect((await findings(cli)).filter(({ id }) => /DOWN|GONE|MISSING|CONFIG/.test(id))).toEqual([]);
      await expectKeys();
    },
  );

  test('destroy ends them all', async () => {
    expectCode(await cli.run('destroy', '--confirm', 'test'), 0);
    expect(serversOf(cli.dir)).toEqual({});
  });
});

test('a user whose primary group has a space in its name: the second run finds what the first has made', async () => {
  const groups = '/tmp/weedgo-groups-of-a-test';
  await writeFile(groups, 'root:x:0:\ndomain users:x:65534:\n');
  const script = 'mount --bind "$0" /etc/group && exec "$@"';
  const cli = await createCli(
    { ...localNodes([18_710]), mode: 'standalone' },
    { under: ['unshare', '-m', 'sh', '-c', script, groups] },
  );
  try {
    expectCode(await cli.run('provision'), 0);
    expectCode(await cli.run('plan', '--exit-code'), 0);
    expectCode(await cli.run('destroy', '--confirm', 'test'), 0);
  } finally {
    await cli.close();
    await rm(groups);
  }
});
