import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert, asyncProperty, string } from 'fast-check';
import { Cluster, Redis } from 'ioredis';
import { afterEach, describe, expect, test } from 'vitest';
import { parseInventory } from '../../../src/inventory/load.ts';
import { sameDirectiveValue } from '../../../src/render/compare.ts';
import { desiredDirectives, directiveMutability, isLiveDirective } from '../../../src/render/directives.ts';
import { layoutOf } from '../../../src/render/layout.ts';
import { renderHostFiles } from '../../../src/render/render.ts';
import { directiveLine } from '../../../src/render/template.ts';

/** Another version can be named, to see that the same files suit it. */
const server = process.env['WEEDGO_TEST_SERVER'] ?? 'redis-server';
const password = 'päss"wörd\\ $x';
const port = 17_100;
const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

describe('a server started with a rendered redis.conf', () => {
  const documents: readonly (readonly [name: string, document: Readonly<Record<string, unknown>>])[] = [
    ['as it comes', {}],
    ['two replicas', { replicas: 2, hosts: [host(9)] }],
    ['standalone', { mode: 'standalone', hosts: [host(1)] }],
    [
      'with directives of the inventory',
      {
        config: {
          maxmemory: '1gb',
          appendonly: false,
          save: ['3600 1', '60 100'],
          'client-output-buffer-limit': ['pubsub 64mb 16mb 30'],
          'notify-keyspace-events': 'KEA',
          'oom-score-adj-values': '0 100 300',
          'slave-priority': 50,
          'hash-max-listpack-entries': 99,
          'busy-reply-threshold': 4000,
          server_cpulist: '0',
          'bio-cpulist': '0-1',
          'proc-title-template': '{title} {listen-addr} "x" \\',
          'maxmemory-policy': 'Volatile-TTL',
          'active-defrag-ignore-bytes': '1m',
          'syslog-ident': 'x"\nport 1\n',
        },
      },
    ],
  ];

  test.each(documents)('has what the file says: %s', async (_name, document) => {
    const { conf, redis } = await start(document);
    const live = await configOf(redis);
    const different = Object.entries(desiredDirectives(conf))
      .filter(([name]) => isLiveDirective(name))
      .filter(([name, lines]) => !sameDirectiveValue(name, lines, live[name] ?? '(unknown)'))
      .map(([name, lines]) => `${name} ${JSON.stringify(lines)} is ${live[name]}`);
    expect(different).toEqual([]);
  });

  test('takes at once what is said to be live, and refuses what is not', async () => {
    const { conf, redis } = await start({});
    const live = await configOf(redis);
    const wrong: string[] = [];
    for (const name of Object.keys(desiredDirectives(conf)).filter(isLiveDirective)) {
      const accepted = await redis.config('SET', name, live[name] ?? '').then(
        () => true,
        () => false,
      );
      const expected = directiveMutability(name) === 'live';
      // The server takes another port; to the cluster that would be another node.
      if (accepted !== expected && name !== 'port') wrong.push(`${name}: ${accepted}`);
    }
    // Before 7.0 the server guards neither.
    expect(wrong.filter((line) => !/^(dir|dbfilename): true$/.test(line))).toEqual([]);
  });

  test('reads back any value that was quoted', async () => {
    const value = string({ unit: 'grapheme', minLength: 1, maxLength: 60 }).filter(
      (text) => !text.includes('\0'),
    );
    await assert(
      asyncProperty(value, async (secret) => {
        const folder = await mkdtemp(join(tmpdir(), 'weedgo-quote-'));
        const lines = [directiveLine('port', ['0']), directiveLine('unixsocket', [join(folder, 'socket')])];
        const file = join(folder, 'redis.conf');
        await writeFile(file, [...lines, directiveLine('syslog-ident', [secret]), ''].join('\n'));
        const child = execFile(server, [file, '--save', ''], { cwd: folder });
        const redis = new Redis({ path: join(folder, 'socket'), retryStrategy: () => 20 });
        redis.on('error', () => {});
        expect((await configOf(redis))['syslog-ident']).toBe(secret);
        redis.disconnect();
        child.kill();
        await once(child, 'exit');
        await rm(folder, { recursive: true });
      }),
      { numRuns: 20 },
    );
  });
});

describe("the application's user", () => {
  const application = { user: 'app', password: { env: 'Y' } };
  const auth = { password: { env: 'X' }, application };

  test('is all that a cluster client needs', async () => {
    const { redis } = await start({ auth });
    await redis.call('CLUSTER', 'ADDSLOTS', ...Array.from({ length: 16_384 }, (_, slot) => slot));
    await expect.poll(() => redis.cluster('INFO'), { timeout: 10_000 }).toContain('cluster_state:ok');
    const cluster = new Cluster([{ host: '127.0.0.1', port }], {
      redisOptions: { username: 'app', password: 'app password', connectionName: 'shop' },
    });
    closers.push(async () => cluster.disconnect());
    await cluster.set('key', 'value', 'EX', 60);
    expect(await cluster.get('key')).toBe('value');
    expect(await cluster.multi().incr('{a}1').incr('{a}2').exec()).toEqual([
      [null, 1],
      [null, 1],
    ]);
    expect(await cluster.eval('return redis.call("GET", KEYS[1])', 1, 'key')).toBe('value');
    expect((await cluster.scan(0))[1].length).toBeGreaterThan(0);
    const heard = new Promise((resolve) => {
      cluster.on('message', (_channel: string, message: string) => resolve(message));
    });
    await cluster.subscribe('news');
    await redis.publish('news', 'hello');
    expect(await heard).toBe('hello');
  });

  const denied: readonly (readonly [string, ...string[]])[] = [
    ['FLUSHALL'],
    ['FLUSHDB'],
    ['KEYS', '*'],
    ['CONFIG', 'GET', '*'],
    ['CONFIG', 'SET', 'requirepass', ''],
    ['SHUTDOWN', 'NOSAVE'],
    ['DEBUG', 'SLEEP', '0'],
    ['ACL', 'LIST'],
    ['MONITOR'],
    ['BGSAVE'],
    ['REPLICAOF', 'NO', 'ONE'],
    ['MODULE', 'LIST'],
    ['CLUSTER', 'RESET'],
    ['CLUSTER', 'FAILOVER'],
    ['CLUSTER', 'FORGET', 'x'],
    ['CLIENT', 'KILL', 'TYPE', 'normal'],
    ['CLIENT', 'PAUSE', '1000'],
    ['MIGRATE', '127.0.0.1', '1', 'key', '0', '100'],
    ['SLOWLOG', 'GET'],
  ];

  test('is refused what administers or endangers', async () => {
    await start({ auth });
    const app = await login({ username: 'app', password: 'app password' });
    for (const [command, ...args] of denied) {
      const reply = await app.call(command, ...args).catch((error: unknown) => String(error));
      expect(`${command} ${args.join(' ')}: ${String(reply)}`).toMatch(/NOPERM|DEBUG command not allowed/);
    }
  });

  test('nobody else gets in', async () => {
    await start({ auth });
    const stranger = await login({});
    await expect(stranger.ping()).rejects.toThrow('NOAUTH');
    for (const credentials of [['app password'], ['app', password], ['default', 'app password']]) {
      await expect(stranger.call('AUTH', ...credentials)).rejects.toThrow('WRONGPASS');
    }
  });
});

type Started = { readonly conf: string; readonly redis: Redis };

/** The first node of the inventory, on 127.0.0.1, started as a local host starts it. */
async function start(document: Readonly<Record<string, unknown>>): Promise<Started> {
  const folder = await mkdtemp(join(tmpdir(), 'weedgo-render-'));
  const inventory = parseInventory(
    JSON.stringify({
      cluster: 'test',
      connection: 'local',
      antiAffinity: 'none',
      auth: { password: { env: 'X' } },
      hosts: [host(6)],
      ...document,
    }),
    'test.yaml',
  );
  const [first] = inventory.hosts;
  if (first === undefined) throw new Error('no host');
  const layout = layoutOf(inventory, first, folder);
  for (const { path } of layout.directories) await mkdir(path, { recursive: true });
  const secrets = { password, application: inventory.auth.application && 'app password' };
  const [conf] = renderHostFiles({
    inventory,
    host: first,
    layout,
    secrets,
    maxmemory: 64 << 20,
    serverVersion: '7.0.15',
  });
  if (conf === undefined) throw new Error('no redis.conf');
  await writeFile(conf.path, conf.content);
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', server, conf.path], { stdio: 'ignore' });
  closers.push(async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    await rm(folder, { recursive: true });
  });
  const redis = await login({ password });
  return { conf: conf.content, redis };
}

/** Connects as soon as the server answers; without credentials nothing is sent by itself. */
async function login(credentials: { username?: string; password?: string }): Promise<Redis> {
  const redis = new Redis({
    port,
    ...credentials,
    protocol: 2,
    enableReadyCheck: false,
    disableClientInfo: true,
    retryStrategy: () => 20,
  });
  redis.on('error', () => {});
  closers.push(async () => redis.disconnect());
  await expect.poll(() => redis.status, { timeout: 10_000 }).toBe('ready');
  return redis;
}

async function configOf(redis: Redis): Promise<Readonly<Record<string, string>>> {
  const reply: unknown = await redis.config('GET', '*');
  if (!Array.isArray(reply)) throw new Error('CONFIG GET answered no list');
  const words = reply.map(String);
  return Object.fromEntries(words.flatMap((word, at) => (at % 2 === 0 ? [[word, words[at + 1] ?? '']] : [])));
}

function host(nodes: number): Readonly<Record<string, unknown>> {
  return {
    name: 'local',
    address: '127.0.0.1',
    ports: Array.from({ length: nodes }, (_, index) => port + index),
  };
}
