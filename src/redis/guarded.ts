import { nameOfCommand } from './connection.ts';
import type { RedisConnection } from './connection.ts';
import { mayChange } from './reading.ts';

/** What stands between a command that holds the cluster's lock and every change that it sends to a node. */
export type RedisGuard = {
  /** Throws OperationError when the lock can no longer be counted on. */
  readonly demand: () => void;
  /** Takes account of a change that was sent. */
  readonly note: (change: string) => void;
};

/** The same connection, on which nothing that may change the node is sent once the lock is lost. */
export function guardConnection(connection: RedisConnection, { demand, note }: RedisGuard): RedisConnection {
  const send = (commands: Parameters<RedisConnection['pipeline']>[0]): void => {
    const changes = commands.filter(mayChange);
    if (changes.length === 0) return;
    demand();
    for (const change of changes) note(`${nameOfCommand(change)} on ${connection.node.id}`);
  };
  return {
    ...connection,
    call: async (command, options) => {
      send([command]);
      return connection.call(command, options);
    },
    pipeline: async (commands, options) => {
      send(commands);
      return connection.pipeline(commands, options);
    },
  };
}
