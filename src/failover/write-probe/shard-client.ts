import { OperationError } from '../../base/errors.ts';
import type { Node } from '../../inventory/inventory.ts';
import { DeadlineError } from '../../redis/deadline.ts';
import { isFailure, ReplyError } from '../../redis/connection.ts';
import type { RedisCommand, RedisConnection, RedisFailure } from '../../redis/connection.ts';

/**
 * Opens a connection of the probe's own: the session's must not wait behind writes that a failover holds
 * back.
 */
export type Connect = (node: Node) => Promise<RedisConnection | RedisFailure>;

export type ShardClientRequest = {
  /** Of the whole cluster: a redirection may name any of them. */
  readonly nodes: readonly Node[];
  /** Those that may own the shard's slots; the likely owner first. */
  readonly shard: readonly Node[];
  readonly connect: Connect;
  readonly timeoutMs: number;
};

export type Attempt =
  | { readonly ok: true; readonly replies: readonly unknown[] }
  /**
   * An error's first word as Redis writes it (MOVED: the next attempt goes there), or what became of the
   * connection.
   */
  | { readonly ok: false; readonly kind: string };

/** All in one round trip to one node; fails as a whole when one command does. */
export type Send = (commands: readonly RedisCommand[]) => Promise<Attempt>;

/**
 * A small cluster client for the keys of one shard: goes where MOVED sends it, and asks the shard's other
 * nodes when a connection fails. One attempt at a time and no retry of its own, so that every failure can be
 * counted.
 */
export class ShardClient {
  readonly #request: ShardClientRequest;
  readonly #open = new Map<string, Promise<RedisConnection | RedisFailure>>();
  #owner: Node | undefined;

  constructor(request: ShardClientRequest) {
    this.#request = request;
    this.#owner = request.shard[0];
  }

  readonly attempt: Send = async (commands) => {
    const node = this.#owner;
    if (!node) return { ok: false, kind: 'no node' };
    const made = this.#connectionTo(node);
    const connection = await made;
    if (isFailure(connection)) {
      this.#leave(node);
      return { ok: false, kind: kindOfFailure(connection) };
    }
    try {
      const replies = await connection.pipeline(commands, { timeoutMs: this.#request.timeoutMs });
      const error = replies.find((reply) => reply instanceof ReplyError);
      if (!error) return { ok: true, replies };
      if (error.code === 'MOVED') this.#leave(node, nodeOfMoved(error.message, this.#request.nodes));
      return { ok: false, kind: error.code };
    } catch (error) {
      if (!(error instanceof OperationError)) throw error;
      // Everything in flight on it fails; the first to notice takes it away.
      if (this.#open.get(node.id) === made) {
        this.#open.delete(node.id);
        connection.close();
        this.#leave(node);
      }
      return { ok: false, kind: error.cause instanceof DeadlineError ? 'timeout' : 'connection lost' };
    }
  };

  close(): void {
    for (const connection of this.#open.values())
      void connection.then((made) => isFailure(made) || made.close());
  }

  #connectionTo(node: Node): Promise<RedisConnection | RedisFailure> {
    const known = this.#open.get(node.id);
    if (known) return known;
    const made = this.#request.connect(node).then((connection) => {
      if (isFailure(connection)) this.#open.delete(node.id);
      return connection;
    });
    this.#open.set(node.id, made);
    return made;
  }

  /** To `next`, else to the shard's next node; unless another attempt has gone on already. */
  #leave(node: Node, next?: Node): void {
    if (this.#owner !== node) return;
    const { shard } = this.#request;
    this.#owner = next ?? shard[(shard.indexOf(node) + 1) % shard.length];
  }
}

/** `MOVED 3999 10.0.0.2:7001`; undefined where the answer names nobody of the inventory. */
function nodeOfMoved(message: string, nodes: readonly Node[]): Node | undefined {
  const place = message.split(' ')[2] ?? '';
  const colon = place.lastIndexOf(':');
  const port = Number(place.slice(colon + 1));
  const address = place.slice(0, colon);
  return nodes.find((node) => node.port === port && (node.address === address || node.host === address));
}

function kindOfFailure({ failure }: RedisFailure): string {
  return failure === 'refused'
    ? 'connection refused'
    : failure === 'timeout'
      ? 'timeout'
      : `connect: ${failure}`;
}
