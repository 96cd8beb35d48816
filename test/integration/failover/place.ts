import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { parseClusterNodes } from '../../../src/cluster/parse.ts';
import type { NodeLine } from '../../../src/cluster/view.ts';
import { createCli } from '../../support/cli.ts';
import type { Cli, CliResult } from '../../support/cli.ts';

export const password = 'correct "horse" $battery';

/**
 * Three hosts of two nodes each on loopback addresses of this machine, with shards that swap hosts on
 * failover.
 */
export type Place = Cli & {
  /**
   * `a:17940` and the like: the first three ports are the masters' of a, b and c, the others the replicas'.
   */
  readonly ids: Ids;
  /** Runs a command that has to end so, with --json; resolves to its document. */
  readonly json: (code: number, ...args: readonly string[]) => Promise<Json>;
  /** redis-cli at a node; the password is in its environment. */
  readonly redis: (id: string, ...args: readonly string[]) => Promise<string>;
  readonly nodes: (id: string) => Promise<readonly NodeLine[]>;
  /** Sends a signal to a node's process. */
  readonly signal: (id: string, signal: NodeJS.Signals) => Promise<void>;
  /** Holds nodes' processes still meanwhile. */
  readonly paused: <T>(ids: readonly string[], work: () => Promise<T>) => Promise<T>;
  readonly addressOf: (id: string) => { readonly host: string; readonly port: number };
};

export type Ids = readonly [string, string, string, string, string, string];

// oxlint-disable-next-line typescript/no-explicit-any -- documents of the command line, read as a user's script would
export type Json = any;

const hosts = ['a', 'b', 'c'] as const;

/**
 * Provisions the six nodes from `first` on. `over` is put over the inventory; `own`: commands run as the
 * test's own user, for a test that works in the same place by itself.
 */
export async function createPlace(
  first: number,
  over: object = {},
  { own = false }: { readonly own?: boolean } = {},
): Promise<Place> {
  const cli = await createCli(
    {
      cluster: 'rehearsal',
      connection: 'local',
      production: false,
      auth: { password: { env: 'FAILOVER_PASSWORD' } },
      hosts: hosts.map((name, index) => ({
        name,
        address: `127.0.0.${index + 1}`,
        ports: [first + index, first + 3 + index],
      })),
      config: { 'cluster-node-timeout': 2000, maxmemory: '200mb' },
      ...over,
    },
    { env: { FAILOVER_PASSWORD: password }, ...(own && { user: 'own' as const }) },
  );
  const provisioned = await cli.run('provision');
  expect(provisioned.code, provisioned.stderr).toBe(0);
  const addressOf = (id: string): { host: string; port: number } => {
    const [name = '', port] = id.split(':');
    return { host: `127.0.0.${hosts.findIndex((host) => host === name) + 1}`, port: Number(port) };
  };
  const redis: Place['redis'] = (id, ...args) => {
    const { host, port } = addressOf(id);
    return redisCli(['-h', host, '-p', String(port), ...args]);
  };
  const signal: Place['signal'] = async (id, name) => {
    const file = join(cli.state, 'weedgo-redis', 'rehearsal', String(addressOf(id).port), 'redis.pid');
    process.kill(Number(await readFile(file, 'utf8')), name);
  };
  return {
    ...cli,
    ids: [
      `a:${first}`,
      `b:${first + 1}`,
      `c:${first + 2}`,
      `a:${first + 3}`,
      `b:${first + 4}`,
      `c:${first + 5}`,
    ],
    json: async (code, ...args) => documentOf(await cli.run('--json', ...args), code),
    redis,
    nodes: async (id) => parseClusterNodes(await redis(id, 'CLUSTER', 'NODES')),
    signal,
    paused: async (ids, work) => {
      for (const id of ids) await signal(id, 'SIGSTOP');
      try {
        return await work();
      } finally {
        for (const id of ids) await signal(id, 'SIGCONT');
      }
    },
    addressOf,
  };
}

export function documentOf({ code, stdout, stderr }: CliResult, expected: number): Json {
  if (code !== expected) expect.fail(`exit ${code} instead of ${expected}\n${stdout}\n${stderr}`);
  return JSON.parse(stdout);
}

export function redisCli(args: readonly string[], secret = password): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { env: { ...process.env, REDISCLI_AUTH: secret }, timeout: 30_000 };
    execFile('redis-cli', args, options, (error, stdout) => (error ? reject(error) : resolve(stdout.trim())));
  });
}
