import { createPaint } from './paint.ts';
import { exitCodes, HostsFailedError, UsageError, WeedgoError } from '../base/errors.ts';
import { behindBar } from '../base/harmless.ts';
import { withPlace } from './place.ts';

/** The exit code that `docs/cli.md` promises for an error. */
export function exitCodeOf(error: unknown): number {
  return error instanceof WeedgoError ? exitCodes[error.kind] : exitCodes.failed;
}

/** What the operator reads on stderr. Only a defect of ours shows a stack trace. */
export function formatFailure(error: unknown, color: boolean): string {
  const paint = createPaint(color);
  if (!(error instanceof WeedgoError))
    return `${paint.red('internal error:')} ${stackOf(error)}\nThis is a defect of weedgo-redis; please report it.`;
  const label =
    error.kind === 'refused'
      ? paint.yellow('refused:')
      : error.kind === 'interrupted'
        ? paint.yellow('interrupted:')
        : paint.red('error:');
  const lines = [
    `${label} ${withPlace(error, textOf(error))}`,
    ...[...error.hints, ...accountOf(error)].map((hint) => `  ${paint.dim('→')} ${behindBar(hint)}`),
  ];
  if (error instanceof HostsFailedError) {
    for (const failure of error.failures)
      lines.push(
        ...formatFailure(failure, color)
          .split('\n')
          .map((line) => `  ${line}`),
      );
  }
  return lines.join('\n');
}

/** A usage error has a line for each problem of the operator's own file; else a host may have added lines. */
function textOf(error: WeedgoError): string {
  const text = error.message.replace(/^interrupted (?=at |on )/, '');
  return error instanceof UsageError ? text : behindBar(text);
}

const shownChanges = 5;

/** What was changed before it ended so: the end of a long list is what an operator looks for. */
function accountOf({ changes = [] }: WeedgoError): readonly string[] {
  if (changes.length === 0) return [];
  const hidden = changes.length - shownChanges;
  const more = hidden > 0 ? `${hidden} more, then ` : '';
  return [`Begun before that, and not undone: ${more}${changes.slice(-shownChanges).join('; ')}.`];
}

/** The same as one JSON document, for --json. */
export function failureDocument(error: unknown): Record<string, unknown> {
  const changes = error instanceof WeedgoError ? (error.changes ?? []) : undefined;
  return {
    schemaVersion: 1,
    ok: false,
    exitCode: exitCodeOf(error),
    // A defect has no account.
    ...(changes !== undefined && { changed: changes.length > 0 }),
    error: describeError(error),
  };
}

function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof WeedgoError)) return { kind: 'internal', message: stackOf(error) };
  return {
    kind: error.kind,
    message: error.message,
    ...(error.host !== undefined && { host: error.host }),
    ...(error.node !== undefined && { node: error.node }),
    hints: error.hints,
    ...(error instanceof UsageError && { problems: error.problems }),
    ...(error instanceof HostsFailedError && { failures: error.failures.map(describeError) }),
  };
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
