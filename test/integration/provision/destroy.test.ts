import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cli, createCli } from '../../support/cli.ts';
import { expectCode, localNodes, passwordIn, portsFrom, redisCli, serversOf } from './support.ts';

const one = localNodes(portsFrom(19_050, 3), { replicas: 0 });
const other = localNodes(portsFrom(19_060, 3), { replicas: 0 });
let cli: Cli;

beforeAll(async () => {
  cli = await createCli(one, { user: 'own' });
});
afterAll(() => cli?.close());

test('destroy leaves the nodes of another inventory of the same name, and the last one leaves nothing but the audit log', async () => {
  expectCode(await cli.run('provision'), 0);
  const secret = await passwordIn(cli.home);
  await cli.setInventory({ ...other, auth: { password: { file: join(cli.home, 'redis.password') } } });
  expectCode(await cli.run('provision'), 0);
  expect((await redisCli(secret, ['-c', '-p', '19060', 'SET', 'precious', 'value'])).output).toBe('OK\n');

  await cli.setInventory(one);
  const first = await cli.run('destroy', '--confirm', 'test');
  expectCode(first, 0);
  expect(first.stderr).toContain('other nodes of test stay, which this inventory does not list');
  expect(Object.keys(serversOf(cli.dir))).toHaveLength(3);
  expect((await redisCli(secret, ['-c', '-p', '19060', 'GET', 'precious'])).output).toBe('value\n');

  await cli.setInventory({ ...other, auth: { password: { file: join(cli.home, 'redis.password') } } });
  const operations = join(cli.state, 'weedgo-redis/.operations');
  await writeFile(join(operations, 'test.memory.json'), '{"schemaVersion":1,"revision":1,"drained":{}}');
  await writeFile(join(cli.state, 'weedgo-redis/test/19060/.redis.conf.new'), 'requirepass x\n');
  expectCode(await cli.run('destroy', '--confirm', 'test'), 0);
  expect(serversOf(cli.dir)).toEqual({});
  expect(await readdir(join(cli.state, 'weedgo-redis'))).toEqual(['.operations']);
  const left = await readdir(operations);
  expect(left.filter((name) => !name.includes('.audit.'))).toEqual([]);
});
