import { chmod, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cli, createCli } from '../../support/cli.ts';
import { until } from '../../support/until.ts';
import { expectCode, localNodes, passwordIn, portsFrom, redisCli, serversOf } from './support.ts';

/** Three shards of 1,000 keys: masters first, then their replicas. Small pages keep a copied folder small. */
const ports = portsFrom(19_030);
const masters = ports.slice(0, 3);
const keys = 3000;
let cli: Cli;
let password: string;

const ask = async (port: number, ...command: readonly string[]): Promise<string> =>
  (await redisCli(password, ['-p', String(port), ...command])).output.trim();

const inventory = (config: object = {}): object =>
  localNodes(ports, { config: { maxmemory: '64mb', 'cluster-node-timeout': 15_000, ...config } });

const folderOf = (port: number): string => join(cli.state, 'weedgo-redis', 'test', String(port));
const dataOf = (port: number): string => join(folderOf(port), 'data');
const appendOnlyIn = async (port: number): Promise<string | undefined> =>
  /^appendonly "?(\w+)"?$/m.exec(await readFile(join(folderOf(port), 'redis.conf'), 'utf8'))?.[1];

/** Keys on the nodes that are masters now. */
async function countKeys(): Promise<number> {
  const counts = await Promise.all(
    ports.map(async (port) =>
      (await ask(port, 'ROLE')).startsWith('master') ? Number(await ask(port, 'DBSIZE')) : 0,
    ),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

/** As a power loss: no server gets to save anything. */
async function killAll(): Promise<void> {
  for (const pid of Object.values(serversOf(cli.dir))) process.kill(pid, 'SIGKILL');
  await until(async () => expect(serversOf(cli.dir)).toEqual({}));
}

async function kill(port: number, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  process.kill(Number((await readFile(join(folderOf(port), 'redis.pid'), 'utf8')).trim()), signal);
  await until(async () => expect(Object.keys(serversOf(cli.dir)).join()).not.toContain(`:${port} `));
}

/** Stands for a large data set: a rewrite or a snapshot of 1,000 keys takes some seconds. */
const slowDown = (): Promise<readonly string[]> =>
  Promise.all(ports.map((port) => ask(port, 'CONFIG', 'SET', 'rdb-key-save-delay', '700')));

beforeAll(async () => {
  cli = await createCli(inventory({ appendonly: 'no' }));
  expectCode(await cli.run('provision'), 0);
  password = await passwordIn(cli.home);
  const lua = `for i = 1, 1000 do redis.call('SET', KEYS[1] .. i, i) end`;
  // One tag a shard.
  for (const [index, tag] of ['{b}', '{c}', '{a}'].entries()) {
    const { output } = await redisCli(password, ['-c', '-p', '19030', 'EVAL', lua, '1', tag]);
    expect(output, `shard ${index}`).toBe('\n');
  }
  expect(await countKeys()).toBe(keys);
  for (const port of ports) await ask(port, 'BGSAVE');
  await until(async () => {
    for (const port of ports)
      expect(await ask(port, 'INFO', 'persistence')).toContain('rdb_bgsave_in_progress:0');
  });
});
afterAll(() => cli?.close());

test('appendonly is switched on while the nodes run, and a power loss at any moment loses nothing', async () => {
  await cli.setInventory(inventory());
  for (const index of [0, 1]) {
    await slowDown();
    const run = cli.start('provision');
    await until(async () =>
      expect(await ask(ports[index] ?? 0, 'INFO', 'persistence')).toContain('aof_rewrite_in_progress:1'),
    );
    expect(await Promise.all(ports.map(appendOnlyIn))).toEqual(ports.map(() => 'no'));
    await killAll();
    expect((await run.done).code).not.toBe(0);

    const started = await cli.run('start');
    if (index === 0) {
      expectCode(started, 0);
    } else {
      // The first node's append-only file is newer than its snapshot, and its configuration does not read it
      // yet.
      expectCode(started, 4);
      expect(started.stderr).toContain('local:19030: with appendonly no the server reads dump.rdb only');
      expect(serversOf(cli.dir)).toEqual({});
      expectCode(await cli.run('provision'), 0);
    }
    expect(await countKeys()).toBe(keys);
  }
  expect(await Promise.all(ports.map(appendOnlyIn))).toEqual(ports.map(() => 'yes'));
  await killAll();
  expectCode(await cli.run('start'), 0);
  expect(await countKeys()).toBe(keys);
  expectCode(await cli.run('plan', '--exit-code'), 0);
});

test('progress of a long rewrite is told, and an interrupted provision waits for it again', async () => {
  await cli.setInventory(inventory({ appendonly: 'no' }));
  expectCode(await cli.run('provision'), 0);
  await cli.setInventory(inventory());
  // Long enough for a killed provision, a plan and another provision on a busy machine.
  await ask(19_030, 'CONFIG', 'SET', 'rdb-key-save-delay', '25000');
  const first = cli.start('provision');
  await until(async () =>
    expect(await ask(19_030, 'INFO', 'persistence')).toContain('aof_rewrite_in_progress:1'),
  );
  first.kill('SIGKILL');
  await first.done;
  // The child that writes was forked with the delay.
  await ask(19_030, 'CONFIG', 'SET', 'rdb-key-save-delay', '0');
  const plan = await cli.run('plan', '--exit-code');
  expectCode(plan, 3);
  expect(plan.stdout).toContain('local:19030: wait until the append-only file is complete');
  const second = await cli.run('-v', 'provision');
  expectCode(second, 0);
  expect(second.stderr).toMatch(/local:19030 writes its append-only file/);
  expect(await Promise.all(ports.map(appendOnlyIn))).toEqual(ports.map(() => 'yes'));
  for (const port of ports)
    expect(await ask(port, 'INFO', 'persistence')).toMatch(
      /aof_rewrite_in_progress:0[^]*aof_rewrite_scheduled:0[^]*aof_last_bgrewrite_status:ok/,
    );
});

test('after a power loss appendonly no starts from the append-only files, and is switched off live', async () => {
  for (const port of ports) await rm(join(dataOf(port), 'dump.rdb'), { force: true });
  await killAll();
  await cli.setInventory(inventory({ appendonly: 'no' }));
  const provisioned = await cli.run('provision');
  expectCode(provisioned, 0);
  expect(await countKeys()).toBe(keys);
  expect(await Promise.all(ports.map(appendOnlyIn))).toEqual(ports.map(() => 'no'));
  await killAll();
  expectCode(await cli.run('start'), 0);
  expect(await countKeys()).toBe(keys);
});

/** Writes one value to a key of each shard. */
const write = async (at: number): Promise<void> => {
  for (const [index, tag] of ['{b}', '{c}', '{a}'].entries())
    expect(await ask(masters[index] ?? 0, 'SET', `${tag}:count`, String(at))).toBe('OK');
};
const counts = (): Promise<readonly string[]> =>
  Promise.all(
    ['{b}', '{c}', '{a}'].map(async (tag) =>
      (await redisCli(password, ['-c', '-p', '19030', 'GET', `${tag}:count`])).output.trim(),
    ),
  );
const isOff = async (port: number): Promise<boolean> =>
  (await ask(port, 'CONFIG', 'GET', 'appendonly')).endsWith('no');

test('switched off while applications write, and killed at each point: what a snapshot had is there', async () => {
  // The files say no, the nodes may, and no snapshot has what was written since the first one.
  await cli.setInventory(inventory());
  expectCode(await cli.run('provision'), 0);
  await cli.setInventory(inventory({ appendonly: 'no' }));
  await slowDown();
  const first = cli.start('provision');
  await until(async () =>
    expect(await ask(19_030, 'INFO', 'persistence')).toContain('rdb_bgsave_in_progress:1'),
  );
  await write(1);
  await until(async () => expect(await Promise.all(ports.map(isOff))).toContain(true), { timeoutMs: 60_000 });
  expect(await Promise.all(ports.map(appendOnlyIn))).toEqual(ports.map(() => 'no'));
  await killAll();
  expect((await first.done).code).not.toBe(0);
  const refused = await cli.run('start');
  expectCode(refused, 4);
  expect(refused.stderr).toContain('with appendonly no the server reads dump.rdb only');
  await cli.setInventory(inventory());
  expectCode(await cli.run('provision'), 0);
  expect(await counts()).toEqual(['1', '1', '1']);
  expect(await countKeys()).toBe(keys + 3);

  // Written after the switch, and saved by a snapshot: dump.rdb is read, although append-only files lie
  // there.
  await cli.setInventory(inventory({ appendonly: 'no' }));
  await slowDown();
  const second = cli.start('provision');
  await until(async () => expect(await Promise.all(ports.map(isOff))).not.toContain(false), {
    timeoutMs: 60_000,
  });
  await write(2);
  second.kill('SIGKILL');
  await second.done;
  for (const port of ports)
    await until(async () => expect(await ask(port, 'BGSAVE')).toContain('saving started'));
  for (const port of ports)
    await until(async () =>
      expect(await ask(port, 'INFO', 'persistence')).toContain('rdb_bgsave_in_progress:0'),
    );
  await killAll();
  expectCode(await cli.run('start'), 0);
  expect(await counts()).toEqual(['2', '2', '2']);
  expectCode(await cli.run('provision'), 0);
  expectCode(await cli.run('plan', '--exit-code'), 0);
  for (const [index, tag] of ['{b}', '{c}', '{a}'].entries())
    await ask(masters[index] ?? 0, 'DEL', `${tag}:count`);
});

test('a stopped cluster gets appendonly yes and has its keys', async () => {
  expectCode(await cli.run('--yes', 'stop'), 0);
  await cli.setInventory(inventory());
  expectCode(await cli.run('provision'), 0);
  expect(await countKeys()).toBe(keys);
  await killAll();
  expectCode(await cli.run('start'), 0);
  expect(await countKeys()).toBe(keys);
});

test('files that the configuration does not read: refused, and the way that is printed works', async () => {
  expectCode(await cli.run('--yes', 'stop'), 0);
  for (const port of ports) await rm(join(dataOf(port), 'appendonlydir'), { recursive: true });
  for (const command of ['start', 'provision']) {
    const refused = await cli.run(command);
    expectCode(refused, 4);
    expect(refused.stderr).toContain('nothing was changed on any host');
    // Said once for all of them.
    expect(refused.stderr.match(/with appendonly yes the server reads append-only files only/g)).toHaveLength(
      1,
    );
    expect(refused.stderr).toContain('local:19030, local:19031');
    expect(refused.stderr).toContain('Write `appendonly: no` under `config` in the inventory');
  }
  expect(serversOf(cli.dir)).toEqual({});
  await cli.setInventory(inventory({ appendonly: 'no' }));
  expectCode(await cli.run('provision'), 0);
  await cli.setInventory(inventory());
  expectCode(await cli.run('provision'), 0);
  expect(await countKeys()).toBe(keys);
});

test('a master whose data is gone is not started while its replica has it', async () => {
  const [master = 0] = masters;
  await kill(master);
  await rm(join(dataOf(master), 'appendonlydir'), { recursive: true });
  await rm(join(dataOf(master), 'dump.rdb'), { force: true });
  for (const command of ['start', 'provision']) {
    const refused = await cli.run(command);
    expectCode(refused, 4);
    expect(refused.stderr).toContain('local:19030 is the master of its slots');
    expect(refused.stderr).toContain('.yaml failover --to local:19033 --force');
  }
  expect(serversOf(cli.dir)).not.toHaveProperty('19030');
  expectCode(await cli.run('failover', 'local:19033', '--force'), 0);
  expectCode(await cli.run('start'), 0);
  expect(await countKeys()).toBe(keys);
  await until(async () => expect(await ask(master, 'DBSIZE')).toBe('1000'));
});

test('a folder with the identity of another node is not started', async () => {
  // The replica of the second shard gets a copy of its master's folder, as some do to spare a first copy.
  const [, master = 0] = masters;
  const replica = 19_034;
  await kill(replica);
  await rename(dataOf(replica), `${dataOf(replica)}.aside`);
  expectCode(await cli.shell(`cp -a ${dataOf(master)} ${dataOf(replica)}`), 0);
  for (const command of ['start', 'provision']) {
    const refused = await cli.run(command);
    expectCode(refused, 4);
    expect(refused.stderr).toContain('is that of local:19031: both would run as one node');
  }
  await rm(dataOf(replica), { recursive: true });
  await rename(`${dataOf(replica)}.aside`, dataOf(replica));
  expectCode(await cli.run('start'), 0);
  expect(await countKeys()).toBe(keys);
});

test('what the server may not read is not taken for nothing', async () => {
  expectCode(await cli.run('--yes', 'stop'), 0);
  const folder = join(dataOf(19_032), 'appendonlydir');
  const { mode } = await stat(folder);
  await chmod(folder, 0);
  const refused = await cli.run('start');
  expectCode(refused, 4);
  expect(refused.stderr).toContain(`${folder} cannot be read by the server's user`);
  await chmod(folder, mode & 0o7777);
  expectCode(await cli.run('start'), 0);
  expect(await countKeys()).toBe(keys);
});

test('a master with an older snapshot than its replica has is not started before that has taken over', async () => {
  await cli.setInventory(inventory({ appendonly: 'no', save: '3600 1000000' }));
  expectCode(await cli.run('provision'), 0);
  const isMaster = (await ask(19_030, 'ROLE')).startsWith('master');
  const [master, replica] = isMaster ? [19_030, 19_033] : [19_033, 19_030];
  const change = (lua: string): Promise<unknown> =>
    redisCli(password, ['-c', '-p', String(master), 'EVAL', lua, '1', '{b}']);
  await change(`for i = 1, 500 do redis.call('SET', KEYS[1] .. 'later' .. i, i) end`);
  await until(async () => expect(await ask(replica, 'DBSIZE')).toBe('1500'));

  // One that ends in order has saved everything.
  await kill(master, 'SIGTERM');
  expectCode(await cli.run('start'), 0);
  expect(await countKeys()).toBe(keys + 500);
  await change(`for i = 1, 500 do redis.call('DEL', KEYS[1] .. 'later' .. i) end`);
  await until(async () => expect(await ask(replica, 'DBSIZE')).toBe('1000'));

  await kill(master);
  for (const command of ['start', 'provision']) {
    const refused = await cli.run(command);
    expectCode(refused, 4);
    expect(refused.stderr).toMatch(/is the master of its slots, and its dump\.rdb \(.*\) may lack/);
    expect(refused.stderr).toContain(`.yaml failover --to local:${replica} --force`);
  }
  const { stdout } = await cli.run('verify', '--json');
  expect(stdout).toContain('WR-START-UNSAFE');
  expectCode(await cli.run('failover', '--to', `local:${replica}`, '--force'), 0);
  expectCode(await cli.run('start'), 0);
  await until(async () => expect(await ask(master, 'DBSIZE')).toBe('1000'));
  expect(await countKeys()).toBe(keys);
});

test('nodes that keep nothing on disk: named, and a stop asks for the name of the cluster', async () => {
  await cli.setInventory(inventory({ appendonly: 'no', save: '' }));
  const plan = await cli.run('plan');
  expect(plan.stderr + plan.stdout).toContain('keep nothing on disk (appendonly no, save "")');
  expectCode(await cli.run('provision'), 0);
  expect((await cli.run('verify', '--json')).stdout).toContain('WR-PERSISTENCE-OFF');
  const refused = await cli.run('--yes', 'stop');
  expectCode(refused, 4);
  expect(refused.stderr).toContain(`stop loses ${keys} keys`);
  expect(await countKeys()).toBe(keys);
  // Switched off while it ran, each node has a snapshot of that moment; a cache that never had one starts
  // empty.
  for (const port of ports) await rm(join(dataOf(port), 'dump.rdb'), { force: true });
  for (const port of ports) await rm(join(dataOf(port), 'appendonlydir'), { recursive: true, force: true });
  const stopped = await cli.run('stop', '--confirm', 'test');
  expectCode(stopped, 0);
  expect(stopped.stdout).toContain(`${keys} keys are lost`);
  expectCode(await cli.run('start'), 0);
  expect(await countKeys()).toBe(0);
});
