import { Cluster, Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cli, createCli } from '../../support/cli.ts';
import {
  expectCode,
  expectSound,
  localNodes,
  passwordIn,
  portsFrom,
  redisCli,
  serversOf,
} from './support.ts';

const ports = portsFrom(18_120);
let cli: Cli;

beforeAll(async () => {
  cli = await createCli(inventoryFor('app'));
  await cli.write('app.password', "first one's password\n");
  expectCode(await cli.run('provision'), 0);
});
afterAll(() => cli?.close());

function inventoryFor(user: string | undefined): object {
  const application = user && { user, password: { file: 'app.password' } };
  return localNodes(ports, {
    auth: { password: { generate: '~/redis.password' }, ...(application && { application }) },
  });
}

/** What every node says to a login: PONG, or the first word of its refusal. */
const loginsOf = (username: string, password: string): Promise<readonly string[]> =>
  Promise.all(
    ports.map((port) =>
      withClient({ port, username, password }, async (client) => {
        const refusal = new Promise<string>((resolve) => {
          client.on('error', (error: Error) => resolve(error.message.split(' ')[0] ?? ''));
        });
        return Promise.race([refusal, client.connect().then(() => client.ping())]).catch(() => refusal);
      }),
    ),
  );

type Login = { readonly port: number; readonly username: string; readonly password: string };

async function withClient<T>(login: Login, work: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis({ ...login, lazyConnect: true, retryStrategy: null });
  try {
    return await work(client);
  } finally {
    client.disconnect();
  }
}

const everywhere = (answer: string): readonly string[] => ports.map(() => answer);

test('the application reads and writes all over the cluster', async () => {
  const client = new Cluster(
    ports.map((port) => ({ host: '127.0.0.1', port })),
    { redisOptions: { username: 'app', password: "first one's password" }, clusterRetryStrategy: () => null },
  );
  const keys = Array.from({ length: 100 }, (_, index) => `key:${index}`);
  await Promise.all(keys.map((key) => client.set(key, `value of ${key}`)));
  expect(await Promise.all(keys.map((key) => client.get(key)))).toEqual(keys.map((key) => `value of ${key}`));
  expect(await client.multi().incr('{counter}a').expire('{counter}a', 60).exec()).toEqual([
    [null, 1],
    [null, 1],
  ]);
  expect(await client.eval('return redis.call("GET", KEYS[1])', 1, 'key:1')).toBe('value of key:1');
  client.disconnect();
});

test.each([
  ['FLUSHALL'],
  ['FLUSHDB'],
  ['KEYS', '*'],
  ['CONFIG', 'GET', 'requirepass'],
  ['CONFIG', 'SET', 'maxmemory', '1'],
  ['DEBUG', 'SLEEP', '0'],
  ['SHUTDOWN', 'NOSAVE'],
  ['SAVE'],
  ['ACL', 'LIST'],
  ['MONITOR'],
  ['REPLICAOF', 'NO', 'ONE'],
  ['CLUSTER', 'RESET'],
  ['CLUSTER', 'FAILOVER'],
  ['CLIENT', 'KILL', 'ID', '1'],
  ['SWAPDB', '0', '1'],
])('the application is refused %s', async (command, ...args) => {
  const refusal = await withClient(
    { port: 18_120, username: 'app', password: "first one's password" },
    (client) => client.call(command, ...args).catch((error: Error) => error.message),
  );
  // Redis says of DEBUG first that nobody may.
  expect(refusal).toMatch(/^(NOPERM|ERR DEBUG command not allowed)/);
});

test('another password for the application is set live on every node, and outlasts a restart', async () => {
  const servers = serversOf(cli.dir);
  await cli.write('app.password', 'second#"password\\\n');
  const plan = await cli.run('plan');
  expect(plan.stdout).toContain('local:18120: set what the user app may do');
  expect(plan.stdout).not.toMatch(/[0-9a-f]{64}/);
  expectCode(await cli.run('provision'), 0);
  expect(serversOf(cli.dir)).toEqual(servers);
  expect(await loginsOf('app', 'second#"password\\')).toEqual(everywhere('PONG'));
  expect(await loginsOf('app', "first one's password")).toEqual(everywhere('WRONGPASS'));
  expectCode(await cli.run('plan', '--exit-code'), 0);
  expectCode(await cli.run('stop'), 0);
  expectCode(await cli.run('start'), 0);
  expect(await loginsOf('app', 'second#"password\\')).toEqual(everywhere('PONG'));
});

test('an application that is renamed loses its old name, one that is taken out every access', async () => {
  await cli.setInventory(inventoryFor('shop'));
  expectCode(await cli.run('provision'), 0);
  expect(await loginsOf('shop', 'second#"password\\')).toEqual(everywhere('PONG'));
  expect(await loginsOf('app', 'second#"password\\')).toEqual(everywhere('WRONGPASS'));
  await cli.setInventory(inventoryFor(undefined));
  const plan = await cli.run('plan');
  expect(plan.stdout).toContain('local:18120: remove the user shop');
  expectCode(await cli.run('provision'), 0);
  expect(await loginsOf('shop', 'second#"password\\')).toEqual(everywhere('WRONGPASS'));
  const password = await passwordIn(cli.home);
  const { output } = await redisCli(password, ['-p', '18125', 'ACL', 'USERS']);
  expect(output).toBe('default\n');
  await expectSound(18_120, password);
  expectCode(await cli.run('plan', '--exit-code'), 0);
});
