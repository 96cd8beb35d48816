import { OperationError, RefusedError } from '../../base/errors.ts';

/** What speaks against going on with a host, or is worth knowing before. Holds no secret. */
export type HostProblem = {
  /** Stable, as `port-in-use`. */
  readonly id: string;
  /** failed: exit 1. refused: a guard, exit 4. warning: goes on. */
  readonly kind: 'failed' | 'refused' | 'warning';
  readonly host: string;
  /** Inventory id, when it concerns one node. */
  readonly node?: string;
  /** What is wrong, beginning with the host's or node's name. */
  readonly message: string;
  /** What to do, one command or sentence each. */
  readonly hints: readonly string[];
  /** What several nodes may have in common: the message without names. */
  readonly shared?: string;
  /** A start that is refused until this replica, which is down itself, has taken over: others may be started. */
  readonly heldFor?: { readonly replica: string; readonly otherWays: readonly string[] };
};

/** The error that a problem is to whoever goes on in spite of it; undefined for warnings. */
export function problemError(problem: HostProblem): OperationError | RefusedError | undefined {
  const { kind, message, host, node, hints } = problem;
  const details = { host, hints, ...(node !== undefined && { node }) };
  if (kind === 'warning') return undefined;
  return kind === 'refused' ? new RefusedError(message, details) : new OperationError(message, details);
}
