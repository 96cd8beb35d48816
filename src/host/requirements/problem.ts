import { OperationError, RefusedError } from '../../base/errors.ts';

/** A reason to refuse or fail on a host, or a warning before the host is changed. Holds no secret. */
export type HostProblem = {
  /** Stable, as `port-in-use`. */
  readonly id: string;
  /** failed: exit 1. refused: a guard, exit 4. warning: the command continues. */
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
  /**
   * A start that is refused until this replica, which is down itself, has taken over: others may be started.
   */
  readonly heldFor?: { readonly replica: string; readonly otherWays: readonly string[] };
};

/** The error that a command throws because of a problem; undefined for warnings. */
export function problemError(problem: HostProblem): OperationError | RefusedError | undefined {
  const { kind, message, host, node, hints } = problem;
  const details = { host, hints, ...(node !== undefined && { node }) };
  if (kind === 'warning') return undefined;
  return kind === 'refused' ? new RefusedError(message, details) : new OperationError(message, details);
}
