import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { listMissing } from '../../src/cluster/missing.ts';
import { planForm } from '../../src/cluster/plan.ts';
import type { ClusterView } from '../../src/cluster/view.ts';
import { RefusedError } from '../../src/base/errors.ts';
import { ownershipOf } from '../../src/host/socket-owner.ts';
import type { Inventory, Node } from '../../src/inventory/inventory.ts';
import { connectNode } from '../../src/redis/connect.ts';
import {
  type ConnectRedis,
  type RedisCommand,
  type RedisConnection,
  isFailure,
} from '../../src/redis/connection.ts';
import { type FormRequest, formCluster } from '../../src/redis/form.ts';
import { observeCluster } from '../../src/redis/observe.ts';
import { localShell } from '../../src/ssh/local.ts';

export type Connections = { readonly connect: ConnectRedis; readonly close: () => void };

/** Connections to nodes of this machine, each made on first use, as a Session makes them. */
export function localConnections(password?: string): Connections {
  const shell = localShell('local');
  const vouch = ownershipOf(shell, undefined);
  const open = new Map<string, RedisConnection>();
  return {
    connect: async (node: Node) => {
      const known = open.get(node.id);
      if (known) return known;
      const connection = await connectNode(shell, node, { password, vouch });
      if (!isFailure(connection)) open.set(node.id, connection);
      return connection;
    },
    close: () => {
      for (const connection of open.values()) connection.close();
      open.clear();
    },
  };
}

export type FormOptions = Partial<FormRequest> & {
  readonly password?: string | undefined;
};

/**
 * Observes, plans and forms over connections of its own, as `provision` does. Throws RefusedError for a
 * refusal.
 */
export async function form(inventory: Inventory, { password, ...options }: FormOptions = {}): Promise<void> {
  const { connect, close } = localConnections(password);
  try {
    const view = await observeCluster(inventory.nodes, connect);
    const { refusals, steps } = planForm(inventory, view);
    if (refusals.length > 0) throw new RefusedError(refusals.map(({ reason }) => reason).join('\n'));
    await formCluster({ inventory, steps, connect, ...options });
  } finally {
    close();
  }
}

/** What the nodes say now. */
export async function look(inventory: Inventory, password?: string): Promise<ClusterView> {
  const { connect, close } = localConnections(password);
  try {
    return await observeCluster(inventory.nodes, connect);
  } finally {
    close();
  }
}

/** One command to one node; throws its error reply. */
export async function send(
  node: Node | undefined,
  command: RedisCommand,
  password?: string,
): Promise<unknown> {
  if (!node) throw new Error('no such node');
  const shell = localShell('local');
  const connection = await connectNode(shell, node, { password, vouch: ownershipOf(shell, undefined) });
  if (isFailure(connection)) throw new Error(connection.reason);
  try {
    return await connection.call(command);
  } finally {
    connection.close();
  }
}

/** What is still to be done or missing, for people; empty when the cluster is complete and stays as it is. */
export async function unfinished(inventory: Inventory, password?: string): Promise<readonly string[]> {
  const view = await look(inventory, password);
  const { refusals, steps } = planForm(inventory, view);
  return [
    ...refusals.map(({ reason }) => reason),
    ...steps.map(({ kind, node }) => `${node} ${kind}`),
    ...listMissing(inventory, view).map(({ message }) => message),
  ];
}

/**
 * The independent judge: `redis-cli --cluster check` through each node in turn. Throws its output when it
 * objects.
 */
export async function judge(inventory: Inventory, password?: string): Promise<void> {
  const env = { ...process.env, ...(password !== undefined && { REDISCLI_AUTH: password }) };
  for (const { address, port } of inventory.nodes) {
    const args = ['--cluster', 'check', `${address}:${port}`];
    const { stdout } = await promisify(execFile)('redis-cli', args, { env }).catch(
      (failure: { readonly stdout: string }) => failure,
    );
    const agree = '[OK] All nodes agree about slots configuration.';
    if (!stdout.includes(agree) || !stdout.includes('[OK] All 16384 slots covered.')) throw new Error(stdout);
  }
}
