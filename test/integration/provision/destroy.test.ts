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
  expect(first.stdout).toContain('It does not list 127.0.0.1:19060, 127.0.0.1:19061 and 127.0.0.1:19062');
  expect(Object.keys(serversOf(cli.dir))).toHaveLength(3);
  expect((await redisCli(secret, ['-c', '-p', '19060', 'GET', 'precious'])).output).toBe('value\n');

  // Two of the three masters: what is left of the cluster is named before and after.
  const password = { password: { file: join(cli.home, 'redis.password') } };
  await cli.setInventory({ ...localNodes([19_060, 19_061, 19_069], { replicas: 0 }), auth: password });
  const asked = await cli.run('destroy', '--confirm', 'another');
  expectCode(asked, 4);
  expect(asked.stderr).toContain('leaves 127.0.0.1:19062 without them');
  expect(Object.keys(serversOf(cli.dir))).toHaveLength(3);

  // Where no node answers, the disks say so.
  await cli.setInventory({ ...other, auth: password });
  await cli.setInventory({ ...localNodes([19_060, 19_061, 19_069], { replicas: 0 }), auth: password });
  const half = await cli.run('stop');
  expectCode(half, 0);
  expect(half.stdout).toContain('it does not list 127.0.0.1:19062, and they were left as they are');
  await cli.setInventory({ ...other, auth: password });
  expectCode(await cli.run('stop'), 0);
  await cli.setInventory({ ...localNodes([19_060, 19_061, 19_069], { replicas: 0 }), auth: password });
  const partly = await cli.run('destroy', '--confirm', 'test');
  expectCode(partly, 0);
  expect(partly.stdout).not.toContain('test is gone');
  expect(partly.stdout).toContain('It does not list 127.0.0.1:19062: nothing was done there.');
  const kept = await readdir(join(cli.state, 'weedgo-redis/test/19062/data'));
  expect(kept).toContain('nodes.conf');

  await cli.setInventory({ ...other, auth: password });
  const operations = join(cli.state, 'weedgo-redis/.operations');
  await writeFile(join(operations, 'test.memory.json'), '{"schemaVersion":1,"revision":1,"drained":{}}');
  await writeFile(join(cli.state, 'weedgo-redis/test/19062/.redis.conf.new'), 'requirepass x\n');
  expectCode(await cli.run('destroy', '--confirm', 'test'), 0);
  expect(serversOf(cli.dir)).toEqual({});
  expect(await readdir(join(cli.state, 'weedgo-redis'))).toEqual(['.operations']);
  const left = await readdir(operations);
  expect(left.filter((name) => !name.includes('.audit.'))).toEqual([]);
  expect((await cli.run('stop')).stdout).toContain('Nothing to do: nothing of test is on its hosts.');
});
