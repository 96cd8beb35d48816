import { readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cli, createCli } from '../../support/cli.ts';
import { until } from '../../support/until.ts';
import { expectCode, listingOf, localNodes, passwordIn, portsFrom, redisCli, serversOf } from './support.ts';

const ports = portsFrom(19_040, 3);
const over = { replicas: 0 };
let cli: Cli;

beforeAll(async () => {
  cli = await createCli(localNodes(ports, over));
});
afterAll(() => cli?.close());

const file = (): string => join(cli.home, 'redis.password');
const exists = async (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

test('a provision that is refused, fails or is interrupted before a host has the password leaves no file', async () => {
  expectCode(await cli.run('render', '-o', 'out', '--show-secrets'), 2);
  await cli.setInventory(localNodes(ports, { ...over, version: '>=99' }));
  expect((await cli.run('provision')).code).not.toBe(0);
  expect(await exists(file())).toBe(false);
  await cli.setInventory(localNodes(ports, over));
  const run = cli.start('--verbose', 'provision');
  await until(async () => expect(await exists(file())).toBe(true));
  run.kill('SIGINT');
  const { code } = await run.done;
  // Where it was interrupted is a matter of ms: the file is there exactly when a host has what is in it.
  const configured = await readFile(join(cli.state, 'weedgo-redis/test/19040/redis.conf'), 'utf8').catch(
    () => '',
  );
  expect(await exists(file())).toBe(configured.includes('requirepass'));
  expect([0, 130]).toContain(code);
});

test('the first provision writes it; on a machine without the file nothing is generated', async () => {
  expectCode(await cli.run('provision'), 0);
  const secret = await passwordIn(cli.home);
  expect((await stat(file())).mode & 0o777).toBe(0o600);
  expectCode(await cli.run('--yes', 'stop'), 0);
  await rename(file(), join(cli.dir, 'kept'));
  const before = await listingOf(cli.state);
  for (const command of [
    ['provision'],
    ['plan'],
    ['plan', '--exit-code'],
    ['start'],
    ['verify'],
    ['status'],
  ]) {
    const refused = await cli.run(...command);
    expectCode(refused, 4);
    expect(refused.stderr).toContain(`the password of test is not on this machine: ${file()} does not exist`);
    expect(refused.stderr).toContain('.yaml recover-password');
    expect(refused.stderr).not.toMatch(/masterauth|rejects/);
  }
  expect(await exists(file())).toBe(false);
  expect(await listingOf(cli.state)).toEqual(before);

  const recovered = await cli.run('recover-password');
  expectCode(recovered, 0);
  expect(recovered.stdout + recovered.stderr).not.toContain(secret);
  expect(await passwordIn(cli.home)).toBe(secret);
  expect((await stat(file())).mode & 0o777).toBe(0o600);
  expect((await cli.run('recover-password')).stdout).toContain('Nothing to do');
  expectCode(await cli.run('start'), 0);
  expect((await redisCli(secret, ['-p', '19040', 'PING'])).output).toBe('PONG\n');
});

test('recover-password overwrites no other password, and writes elsewhere when told to', async () => {
  const secret = await passwordIn(cli.home);
  await cli.write('home/redis.password', 'another\n');
  const refused = await cli.run('recover-password');
  expectCode(refused, 4);
  expect(refused.stderr).toContain('it is not overwritten');
  expect(await passwordIn(cli.home)).toBe('another');
  await cli.setInventory(localNodes(ports, { ...over, auth: { password: { env: 'NOT_SET_HERE' } } }));
  expectCode(await cli.run('recover-password'), 2);
  expectCode(await cli.run('recover-password', '-o', join(cli.dir, 'elsewhere')), 0);
  expect((await readFile(join(cli.dir, 'elsewhere'), 'utf8')).trim()).toBe(secret);
  await rm(file());
  await rename(join(cli.dir, 'elsewhere'), file());
  await cli.setInventory(localNodes(ports, over));
});

test('a user that is added later gets a generated password, since no host has one of it', async () => {
  const auth = {
    password: { generate: '~/redis.password' },
    application: { user: 'app', password: { generate: '~/app.password' } },
  };
  await cli.setInventory(localNodes(ports, { ...over, auth }));
  expectCode(await cli.run('provision'), 0);
  const secret = (await readFile(join(cli.home, 'app.password'), 'utf8')).trim();
  expect((await redisCli(undefined, ['-p', '19040', 'AUTH', 'app', secret])).output).toBe('OK\n');
  await rm(join(cli.home, 'app.password'));
  const refused = await cli.run('provision');
  expectCode(refused, 4);
  expect(refused.stderr).toContain('the password of user app of test is not on this machine');
  expect(await exists(join(cli.home, 'app.password'))).toBe(false);
});

test('destroy needs no password file', async () => {
  await rm(file());
  expectCode(await cli.run('destroy', '--confirm', 'test'), 0);
  expect(serversOf(cli.dir)).toEqual({});
});
