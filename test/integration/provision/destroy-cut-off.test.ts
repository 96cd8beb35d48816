import { chmod, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cli, createCli } from '../../support/cli.ts';
import { expectCode, localNodes, portsFrom, serversOf } from './support.ts';

let cli: Cli;

beforeAll(async () => {
  cli = await createCli(localNodes(portsFrom(19_500, 3), { replicas: 0 }));
  expectCode(await cli.run('provision'), 0);
});
afterAll(() => cli?.close());

test('a destroy that ends in the middle of the data leaves the configuration, and the next one finishes', async () => {
  const node = join(cli.state, 'weedgo-redis/test/19501');
  const appendOnly = join(node, 'data/appendonlydir');
  await chmod(appendOnly, 0o500);
  const cut = await cli.run('destroy', '--confirm', 'test');
  expectCode(cut, 1);
  expect(cut.stderr).toContain('Permission denied');
  expect(serversOf(cli.dir)).toEqual({});
  expect(await readdir(node)).toContain('redis.conf');
  expect(await readdir(appendOnly)).not.toEqual([]);

  await chmod(appendOnly, 0o700);
  const second = await cli.run('destroy', '--confirm', 'test');
  expectCode(second, 0);
  expect(await readdir(join(cli.state, 'weedgo-redis'))).toEqual(['.operations']);
});

test('where neither a node nor a nodes.conf says which nodes there are, destroy says so', async () => {
  expectCode(await cli.run('provision'), 0);
  expectCode(await cli.run('stop'), 0);
  for (const port of portsFrom(19_500, 3)) {
    const data = join(cli.state, `weedgo-redis/test/${port}/data`);
    await writeFile(join(data, 'nodes.conf'), '');
  }
  const asked = await cli.run('destroy', '--confirm', 'another');
  expectCode(asked, 4);
  expect(asked.stderr).toContain('so it is not known whether test has others');
  const { stdout } = await cli.run('--json', 'destroy', '--confirm', 'test');
  expect(JSON.parse(stdout)).toMatchObject({ ok: true, unlisted: null });
});
