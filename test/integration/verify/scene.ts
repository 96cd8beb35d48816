import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { loadInventory } from '../../../src/inventory/load.ts';
import type { Inventory } from '../../../src/inventory/inventory.ts';
import { findNode } from '../../../src/inventory/topology.ts';
import { openSession } from '../../../src/session/connect.ts';
import type { Report } from '../../../src/report/schema.ts';
import type { Session } from '../../../src/session/session.ts';
import { defaultSettleMs, verify } from '../../../src/operations/verify/verify.ts';
import { isFailure } from '../../../src/redis/connection.ts';
import { type Cli, createCli } from '../../support/cli.ts';
import { type Connections, localConnections } from '../../support/cluster.ts';
import { type Fixing, seeAndFix } from '../../support/operator.ts';
import { until } from '../../support/until.ts';

export const password = 'a-password-of-the-test';

/** A provisioned cluster on loopback that can be damaged, verified and fixed. */
export type Scene = {
  readonly cli: Cli;
  /** As it was provisioned at first. */
  readonly inventory: Inventory;
  /** By the inventory as it is now. */
  readonly verify: (options?: {
    readonly writeTest?: boolean;
    readonly settleMs?: number;
  }) => Promise<Report>;
  /** Changes the inventory's document, and no node. */
  readonly edit: (change: (document: SceneDocument) => void) => Promise<void>;
  /** A session of this process, as `verify` has it; to be closed. */
  readonly open: () => Promise<Session>;
  /** One command on one node; replies of lists are joined to lines. */
  readonly redis: (node: string, ...command: readonly (string | number)[]) => Promise<string>;
  readonly pid: (node: string) => Promise<number>;
  /** The node's field of INFO. */
  readonly info: (node: string, field: string) => Promise<string>;
  readonly close: () => Promise<void>;
};

export type SceneDocument = {
  config: Record<string, unknown>;
  hosts: Record<string, unknown>[];
  version?: string;
};

/** Ports, and the zone of a host that has one. */
export type SceneHosts = Readonly<Record<string, readonly number[] | SceneHost>>;
type SceneHost = { readonly ports: readonly number[]; readonly zone: string };

/** Every host has an address of its own on loopback: 127.0.77.1, .2, … */
export async function createScene(
  hosts: SceneHosts,
  config: Readonly<Record<string, string | number>> = {},
): Promise<Scene> {
  const cli = await createCli(
    {
      cluster: 'scene',
      connection: 'local',
      production: false,
      auth: {
        password: { env: 'WEEDGO_REDIS_PASSWORD' },
        application: { user: 'weedgo', password: { env: 'WEEDGO_REDIS_APPLICATION' } },
      },
      hosts: Object.entries(hosts).map(([name, host], index) => ({
        name,
        address: `127.0.77.${index + 1}`,
        ...('ports' in host ? host : { ports: host }),
      })),
      config: { maxmemory: '64mb', 'cluster-node-timeout': 2000, ...config },
    },
    // The password is only sent to a server of the command's own user, and this process asks the nodes as
    // well.
    { env: secrets, user: 'own' },
  );
  // In this process the layout follows from the same state folder as in the commands.
  process.env['XDG_STATE_HOME'] = cli.state;
  Object.assign(process.env, secrets);
  const provisioned = await cli.run('provision');
  if (provisioned.code !== 0) throw new Error(provisioned.stderr);
  return sceneOf(cli, await loadInventory(cli.inventory ?? ''));
}

const secrets = { WEEDGO_REDIS_PASSWORD: password, WEEDGO_REDIS_APPLICATION: 'a-password-of-applications' };

function sceneOf(cli: Cli, inventory: Inventory): Scene {
  let connections: Connections = localConnections(password);
  const redis: Scene['redis'] = async (id, ...command) => {
    const node = findNode(inventory, id);
    if (!node) throw new Error(`no node ${id}`);
    const connection = await connections.connect(node);
    if (isFailure(connection)) throw new Error(`${id}: ${connection.reason}`);
    if (connection.closed()) {
      connections.close();
      connections = localConnections(password);
      return redis(id, ...command);
    }
    const reply = await connection.call(command);
    return Array.isArray(reply) ? reply.map(String).join('\n') : String(reply);
  };
  const info: Scene['info'] = async (id, field) =>
    new RegExp(`^${field}:(.*)$`, 'm').exec(await redis(id, 'INFO'))?.[1]?.trim() ?? '';
  return {
    cli,
    inventory,
    redis,
    info,
    open: () => open(inventory),
    pid: async (id) => Number(await info(id, 'process_id')),
    verify: async ({ writeTest = false, settleMs = defaultSettleMs } = {}) =>
      look(await loadInventory(inventory.file), { writeTest, settleMs }),
    edit: async (change) => {
      const document: SceneDocument = JSON.parse(await readFile(inventory.file, 'utf8'));
      change(document);
      await cli.setInventory(document);
    },
    close: async () => {
      connections.close();
      await cli.close();
    },
  };
}

async function look(
  inventory: Inventory,
  options: { readonly writeTest: boolean; readonly settleMs: number },
): Promise<Report> {
  const session = await open(inventory);
  try {
    return await verify(session, options);
  } finally {
    await session.close();
  }
}

async function open(inventory: Inventory): Promise<Session> {
  return openSession({
    inventory,
    emit: () => undefined,
    signal: new AbortController().signal,
    prompter: { interactive: false, ask: async () => undefined },
  });
}

/**
 * Has a file's tests share a scene: made before them, closed after them, and made anew after one that failed,
 * since each fault is made in a healthy cluster, or its own finding would not be the only one. `use` is given
 * each scene.
 */
export function shareScene(build: () => Promise<Scene>, use: (scene: Scene) => void): void {
  let scene: Scene | undefined;
  const make = async (): Promise<void> => {
    scene = await build();
    use(scene);
  };
  beforeAll(make);
  afterAll(() => scene?.close());
  afterEach(async ({ task }) => {
    if (task.result?.state !== 'fail') return;
    await scene?.close();
    await make();
  });
}

/** Two nodes of a shard, its master first: roles move as remedies are followed, and where a machine is slow. */
export async function byRole(scene: Scene, one: string, other: string): Promise<readonly [string, string]> {
  return (await scene.info(one, 'role')) === 'master' ? [one, other] : [other, one];
}

/** The causes among the findings, as a test compares them. */
export function ids({ findings }: Report): readonly string[] {
  return findings.filter(({ explainedBy }) => explainedBy === null).map(({ id }) => id);
}

/**
 * Sees exactly these findings, follows their remedies as printed, and again for what then comes to light,
 * until nothing is left; `later` are the findings of the following rounds.
 */
export const seeAndFixScene = (
  scene: Scene,
  expected: readonly string[],
  later: readonly (readonly string[])[] | Fixing = [],
): Promise<Report> => seeAndFix(scene, expected, 'length' in later ? { later } : later);

/** Waits until the node says so of itself. */
export async function untilInfo(
  scene: Scene,
  node: string,
  fields: Readonly<Record<string, string>>,
): Promise<void> {
  await until(async () => {
    for (const [field, value] of Object.entries(fields)) expect(await scene.info(node, field)).toBe(value);
  });
}
