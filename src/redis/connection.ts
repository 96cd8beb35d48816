import type { UnreachableView } from '../cluster/view.ts';
import { OperationError } from '../base/errors.ts';
import type { Node } from '../inventory/inventory.ts';

export type RedisCommand = readonly (string | number)[];

/** The command's name without its arguments, which may hold secrets. */
export function nameOfCommand([name, subcommand]: RedisCommand): string {
  const container = ['CLUSTER', 'CONFIG', 'ACL', 'CLIENT'].includes(String(name).toUpperCase());
  return container ? `${name} ${subcommand}` : String(name);
}

/** One authenticated client connection to one node, through its host's Shell. */
export type RedisConnection = {
  readonly node: Node;
  /**
   * Sends one command and resolves to its reply in RESP2 shape (bulk strings as strings). Throws ReplyError
   * for an error reply (message as Redis wrote it) and OperationError when the connection is lost or
   * `timeoutMs` (default 6 000) passes.
   */
  readonly call: (command: RedisCommand, options?: CallOptions) => Promise<unknown>;
  /**
   * Sends all at once, in one round trip; one entry a command, a ReplyError where that command failed.
   * Throws OperationError as `call` does.
   */
  readonly pipeline: (
    commands: readonly RedisCommand[],
    options?: CallOptions,
  ) => Promise<readonly unknown[]>;
  /** A password was given, but the server asks for none: anyone who reaches its port may use it. */
  readonly passwordless: boolean;
  /** Whether this is the password that the connection logged in with; '' where it has none. */
  readonly isOwnPassword: (value: string) => boolean;
  readonly close: () => void;
  /** It was closed, or the server or the network ended it: nothing more can be sent. */
  readonly closed: () => boolean;
};

export type CallOptions = { readonly timeoutMs?: number };

/** A node that no connection could be made to, and why, for UnreachableView. */
export type RedisFailure = {
  readonly node: Node;
  readonly failure: Exclude<UnreachableView['failure'], 'loading'>;
  readonly reason: string;
};

/** Whose process a connection that is open came to; the password is for the node's own server alone. */
export type Vouch = (
  node: Node,
) => Promise<{ readonly kind: 'own' } | { readonly kind: 'foreign' | 'unknown'; readonly reason: string }>;

export type ConnectRedis = (node: Node) => Promise<RedisConnection | RedisFailure>;

/**
 * Redis answered with an error. The message is as Redis wrote it and the command is left out: it may hold a
 * secret.
 */
export class ReplyError extends OperationError {
  /** The first word: ERR, NOAUTH, WRONGPASS, LOADING, CLUSTERDOWN, … */
  get code(): string {
    return this.message.split(' ', 1)[0] ?? '';
  }
}

export const isFailure = (result: RedisConnection | RedisFailure): result is RedisFailure =>
  'failure' in result;

/** Connections that are open already, as `observeCluster` and others ask for them. */
export const connectionsTo =
  (connections: ReadonlyMap<string, RedisConnection>): ConnectRedis =>
  (node) =>
    Promise.resolve(connections.get(node.id) ?? { node, failure: 'host', reason: 'it was not connected to' });
