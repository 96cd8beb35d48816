/** The few kinds of failure an operator can meet. Each says what, where and what to do next. */

/** Exit codes of the command line, as `docs/cli.md` lists them. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  findings: 3,
  refused: 4,
  interrupted: 130,
} as const;

export type ErrorDetails = {
  /** What to do next, one sentence or command a line. */
  readonly hints?: readonly string[];
  /** Inventory name of the host concerned. */
  readonly host?: string;
  /** Id of the node concerned, `host:port` with the inventory's host name. */
  readonly node?: string;
  readonly cause?: unknown;
};

/** Base of all errors that are shown to the operator without a stack trace. Never thrown itself. */
export abstract class WeedgoError extends Error {
  abstract readonly kind: 'failed' | 'usage' | 'refused' | 'interrupted';
  readonly hints: readonly string[];
  readonly host: string | undefined;
  readonly node: string | undefined;
  /**
   * What the command had begun to change before it ended so; undefined: it had not come to changing anything.
   */
  changes: readonly string[] | undefined;

  constructor(message: string, details: ErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.name = new.target.name;
    this.hints = details.hints ?? [];
    this.host = details.host;
    this.node = details.node;
  }
}

/** An operation was tried and failed: exit 1. */
export class OperationError extends WeedgoError {
  readonly kind = 'failed';
}

/** The cluster's lock can no longer be counted on, so a change was not begun: exit 1. */
export class LockLostError extends OperationError {}

/**
 * A guard, a missing confirmation or another operator's lock: exit 4. What was changed before is in
 * `changes`.
 */
export class RefusedError extends WeedgoError {
  readonly kind = 'refused';
}

/** The hint of whatever stopped before its end. */
export const runAgain = 'Run the same command again: it resumes from what is there.';

/** The operator pressed Ctrl-C or the process was told to stop: exit 130. */
export class InterruptedError extends WeedgoError {
  readonly kind = 'interrupted';
}

/** One thing that is wrong with the inventory or the command line. Lines and columns count from 1. */
export type Problem = {
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  /** Where in the document, as `hosts[1].ports[0]`. */
  readonly path?: string;
  /** What is wrong, and what would be right. */
  readonly message: string;
};

/**
 * The command line or the inventory is wrong; nothing was contacted: exit 2. Carries all problems at once.
 */
export class UsageError extends WeedgoError {
  readonly kind = 'usage';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[] | string, details: ErrorDetails = {}) {
    const list = typeof problems === 'string' ? [{ message: problems }] : problems;
    super(list.map(formatProblem).join('\n'), details);
    this.problems = list;
  }
}

/** `FILE:LINE:COL: path: message`, leaving out what is not known. */
function formatProblem({ file, line, column, path, message }: Problem): string {
  const place = [file, line, column].filter((part) => part !== undefined).join(':');
  return [place, path, message].filter(Boolean).join(': ');
}

/** Several hosts or nodes failed independently: exit 1. Every failure is kept and shown. */
export class HostsFailedError extends OperationError {
  readonly failures: readonly WeedgoError[];

  constructor(doing: string, failures: readonly WeedgoError[], details: ErrorDetails = {}) {
    const hosts = new Set(failures.map(({ host }, index) => host ?? index)).size;
    super(`${doing} failed on ${hosts === 1 ? 'one host' : `${hosts} hosts`}`, details);
    this.failures = failures;
  }
}
