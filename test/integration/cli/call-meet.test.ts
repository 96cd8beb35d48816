import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseInventory } from '../../../src/inventory/load.ts';
import { findNode } from '../../../src/inventory/topology.ts';
import { type Cli, createCli } from '../../support/cli.ts';
import { form, send } from '../../support/cluster.ts';
import { startNodes, type TestNodes } from '../../support/redis.ts';
import { until } from '../../support/until.ts';

const password = 'a-password-of-the-test';
const another = 'the-password-of-another-cluster';
const [home, stranger, foreign, fresh] = [
  [19_600, 19_601, 19_602],
  [19_603],
  [19_604, 19_605, 19_606],
  [19_607],
] as const;

const listing = (ports: readonly number[], word = 'WEEDGO_REDIS_PASSWORD') => ({
  cluster: 'met',
  connection: 'local',
  production: false,
  replicas: 0,
  antiAffinity: 'none',
  auth: { password: { env: word } },
  hosts: [{ name: 'local', address: '127.0.0.1', ports }],
});
const inventoryOf = (ports: readonly number[]) => parseInventory(JSON.stringify(listing(ports)), '/none');
const all = [...home, ...stranger, ...foreign, ...fresh];
const inventory = inventoryOf(all);
const first = `local:${home[0]}`;

let cli: Cli;
const started: TestNodes[] = [];

beforeAll(async () => {
  started.push(await startNodes({ ports: [...home, ...stranger, ...fresh], password }));
  started.push(await startNodes({ ports: foreign, password: another }));
  await form(inventoryOf(home), { password });
  await form(inventoryOf(foreign), { password: another });
  await redis(stranger[0], 'CLUSTER', 'ADDSLOTSRANGE', 0, 16_383);
  const pairs = Array.from({ length: 1000 }, (_, index) => [`{a}${index}`, 'kept']).flat();
  await until(() => redis(stranger[0], 'MSET', ...pairs));
  cli = await createCli(listing(all), { env: { WEEDGO_REDIS_PASSWORD: password }, user: 'own' });
});

afterAll(async () => {
  await cli?.close();
  for (const { close } of started) await close();
});

const redis = (port: number, ...command: readonly (string | number)[]): Promise<unknown> =>
  send(findNode(inventory, `local:${port}`), command, password);
const meet = (node: string, port: number) => cli.run('call', node, 'CLUSTER', 'MEET', '127.0.0.1', `${port}`);
const known = async (port: number): Promise<number> =>
  String(await redis(port, 'CLUSTER', 'NODES'))
    .trim()
    .split('\n').length;

test('a one-node cluster with keys, listed in the inventory: neither side may meet the other', async () => {
  for (const [node, peer] of [
    [first, stranger[0]],
    [`local:${stranger[0]}`, home[0]],
  ] as const) {
    const { code, stderr } = await meet(node, peer);
    expect({ code, stderr }).toEqual({ code: 4, stderr: expect.stringContaining('holds 1000 keys') });
    expect(stderr).toContain('own the slots');
  }
  expect(await redis(stranger[0], 'DBSIZE')).toBe(1000);
  expect([await known(home[0]), await known(stranger[0])]).toEqual([3, 1]);
});

test('a cluster with another password: what it knows and holds is not known', async () => {
  const { code, stderr } = await meet(first, foreign[0]);
  expect({ code, stderr }).toEqual({
    code: 4,
    stderr: expect.stringContaining(`local:${foreign[0]}: it rejects the inventory's password`),
  });
  expect(await known(home[0])).toBe(3);
});

test('what nodes hold that neither answer nor are known: closing a slot asks for a name', async () => {
  const { code, stderr } = await cli.run('call', first, 'CLUSTER', 'SETSLOT', '1', 'STABLE');
  expect({ code, stderr }).toEqual({
    code: 4,
    stderr: expect.stringContaining(`local:${foreign[0]} does not respond: keys that it holds`),
  });
});

test('BGREWRITEAOF to a node whose settings are not known', async () => {
  const { code, stderr } = await cli.run('call', `local:${foreign[0]}`, 'BGREWRITEAOF');
  expect({ code, stderr }).toEqual({ code: 4, stderr: expect.stringContaining('appendonly is not known') });
});

test('a side that does not respond', async () => {
  const [nodes] = started;
  const silent = nodes?.nodes.find(({ port }) => port === fresh[0]);
  silent?.pause();
  try {
    const { code, stderr } = await meet(first, fresh[0]);
    expect({ code, stderr }).toEqual({
      code: 4,
      stderr: expect.stringContaining('what it knows and holds is not known'),
    });
    const asked = await meet(`local:${fresh[0]}`, home[0]);
    expect(asked).toMatchObject({ code: 4, stderr: expect.stringContaining(`local:${fresh[0]}: what it`) });
  } finally {
    silent?.resume();
  }
  expect(await known(home[0])).toBe(3);
});

test('an empty node is met, and met again', async () => {
  for (const _ of [1, 2])
    expect(await meet(first, fresh[0])).toEqual({ code: 0, stdout: 'OK\n', stderr: '' });
});
