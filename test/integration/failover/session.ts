import { ownershipOf } from '../../../src/host/socket-owner.ts';
import type { Inventory, Node } from '../../../src/inventory/inventory.ts';
import type { OperationEvent } from '../../../src/session/events.ts';
import type { Session } from '../../../src/session/session.ts';
import { connectNode } from '../../../src/redis/connect.ts';
import { isFailure } from '../../../src/redis/connection.ts';
import type { RedisConnection, RedisFailure } from '../../../src/redis/connection.ts';
import { localShell } from '../../../src/ssh/local.ts';

export type TestSession = Session & { readonly events: OperationEvent[]; readonly abort: AbortController };

/** A session with hosts of this machine, as `openSession` makes them. */
export function openLocalSession(inventory: Inventory, password?: string): TestSession {
  const abort = new AbortController();
  const events: OperationEvent[] = [];
  const shells = new Map(inventory.hosts.map(({ name }) => [name, localShell(name)]));
  const connections = new Map<string, RedisConnection>();
  const connect: Session['connect'] = (node, options) => {
    const shell = shells.get(node.host) ?? localShell(node.host);
    return connectNode(shell, node, { password, vouch: ownershipOf(shell, undefined), ...options });
  };
  return {
    inventory,
    secrets: { password, application: undefined },
    emit: (event) => void events.push(event),
    events,
    abort,
    signal: abort.signal,
    shells,
    unreachable: new Map(),
    connect,
    redis: async (node: Node): Promise<RedisConnection | RedisFailure> => {
      const known = connections.get(node.id);
      if (known && !known.closed()) return known;
      const made = await connect(node);
      if (!isFailure(made)) connections.set(node.id, made);
      return made;
    },
    close: async () => {
      for (const connection of connections.values()) connection.close();
      await Promise.all([...shells.values()].map((shell) => shell.close()));
    },
  };
}
