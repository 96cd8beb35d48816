import type { Inventory, Node, Secrets } from '../inventory/inventory.ts';
import type { OperationError } from '../base/errors.ts';
import type { CallOptions, RedisConnection, RedisFailure } from '../redis/connection.ts';
import type { Shell } from '../ssh/shell.ts';
import type { Emit } from './events.ts';

/**
 * What an operation works with while it runs: one Shell a host and one connection a node, each made once and
 * shared. Opened by `openSession`, closed by its owner.
 */
export type Session = {
  readonly inventory: Inventory;
  readonly secrets: Secrets;
  readonly emit: Emit;
  /** Aborted when the operator interrupts; operations stop at the next step boundary. */
  readonly signal: AbortSignal;
  /** Connected hosts, by name. */
  readonly shells: ReadonlyMap<string, Shell>;
  /** Hosts that could not be connected, by name, and why. */
  readonly unreachable: ReadonlyMap<string, OperationError>;
  /** The node's connection, made on first use and remade when it was lost. */
  readonly redis: (node: Node) => Promise<RedisConnection | RedisFailure>;
  /** A further connection, for its caller alone to use and to close. */
  readonly connect: (node: Node, options?: CallOptions) => Promise<RedisConnection | RedisFailure>;
  /**
   * Set while the lock is held: the session without the lock's checks. For putting right what this very
   * command has taken down (starting a node that it stopped) when the lock was lost meanwhile, and for
   * nothing else.
   */
  readonly rescue?: Session;
  readonly close: () => Promise<void>;
};

/** Questions that only a person can answer. Without a terminal every answer is undefined: a refusal. */
export type Prompter = {
  readonly interactive: boolean;
  /** A line of text; `secret` is not echoed. */
  readonly ask: (question: string, options?: { readonly secret?: boolean }) => Promise<string | undefined>;
  /** Shows what a command asks that the operator named for a secret; undefined: nowhere. */
  readonly show?: (text: string) => void;
};
