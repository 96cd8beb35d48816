import { planForm } from '../../src/cluster/plan.ts';
import type { ClusterView } from '../../src/cluster/view.ts';
import type { Inventory, Node } from '../../src/inventory/inventory.ts';
import { connectNode } from '../../src/redis/connect.ts';
import { type ConnectRedis, type RedisConnection, isFailure } from '../../src/redis/connection.ts';
import { type FormRequest, formCluster } from '../../src/redis/form.ts';
import { observeCluster } from '../../src/redis/observe.ts';
import { localShell } from '../../src/ssh/local.ts';

export type Connections = { readonly connect: ConnectRedis; readonly close: () => void };

/** Connections to nodes of this machine, each made on first use, as a Session makes them. */
export function localConnections(password?: string): Connections {
  const shell = localShell('local');
  const open = new Map<string, RedisConnection>();
  return {
    connect: async (node: Node) => {
      const known = open.get(node.id);
      if (known) return known;
      const connection = await connectNode(shell, node, { password });
      if (!isFailure(connection)) open.set(node.id, connection);
      return connection;
    },
    close: () => {
      for (const connection of open.values()) connection.close();
      open.clear();
    },
  };
}

/** Observes, plans and forms with connections of its own, as `provision` does; resolves to what is seen then. */
export async function form(
  inventory: Inventory,
  options: { readonly password?: string } & Partial<FormRequest> = {},
): Promise<ClusterView> {
  const { connect, close } = localConnections(options.password);
  try {
    const { steps } = planForm(inventory, await observeCluster(inventory.nodes, connect));
    await formCluster({ inventory, steps, connect, ...options });
    return await observeCluster(inventory.nodes, connect);
  } finally {
    close();
  }
}
