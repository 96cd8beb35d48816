import type { Node } from '../inventory/inventory.ts';

/** One authenticated client connection to one node, through its host's Shell. */
export type RedisConnection = {
  readonly node: Node;
  /**
   * Sends one command and resolves to its reply in RESP2 shape (bulk strings as strings).
   * Throws ReplyError for an error reply (message as Redis wrote it) and OperationError when the connection is
   * lost or `timeoutMs` (default 5 000) passes.
   */
  readonly call: (
    command: readonly (string | number)[],
    options?: { readonly timeoutMs?: number },
  ) => Promise<unknown>;
  /** Sends all at once, in one round trip; one entry a command, an Error where that command failed. */
  readonly pipeline: (commands: readonly (readonly (string | number)[])[]) => Promise<readonly unknown[]>;
  readonly close: () => void;
};

/** A node that no connection could be made to, and why, for UnreachableView. */
export type RedisFailure = {
  readonly node: Node;
  readonly failure: 'refused' | 'auth' | 'timeout' | 'host' | 'protocol';
  readonly reason: string;
};
