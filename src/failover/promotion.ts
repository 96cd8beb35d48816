import type { Swap } from '../cluster/failover/agreed.ts';
import type { ClusterStep } from '../cluster/step.ts';
import { OperationError } from '../base/errors.ts';
import type { Vigil } from './vigil.ts';

export type FailoverMode = (ClusterStep & { kind: 'failover' })['mode'];

export type Promotion = {
  /** When Redis accepted the command that led to it, by performance.now(). */
  readonly acceptedAt: number;
  readonly promotedMs: number;
  readonly agreedMs: number;
  /** The old master's process has ended since it handed over: there is nothing of it to wait for. */
  readonly hasEnded: boolean;
};

export type PromoteRequest = Swap & {
  readonly mode: FailoverMode;
  /** Of a master that was proven dead: its death is proven again before every attempt. */
  readonly vigil?: Vigil | undefined;
};

/**
 * Clients are being redirected just then: to ask all nodes at that moment lengthened the longest gaps
 * (docs/failover.md).
 */
export const redirectionMs = 60;

export function notPromoted({ shard, replica }: Swap, seconds: number): OperationError {
  const { id } = replica.node;
  return new OperationError(
    `${id} did not take over within ${seconds} s; ${shard.master.node.id} is master as before`,
    {
      node: id,
      hints: [
        `The end of ${id}'s log says why: no votes, or the master's stream was not caught up with in 5 s.`,
        'Nothing else was changed. Run the same command again.',
      ],
    },
  );
}
