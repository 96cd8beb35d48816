import { behindBar } from '../base/harmless.ts';
import type { Emit, OperationEvent } from '../session/events.ts';
import { createSpinner, printNote, shown } from './output.ts';
import { createPaint, type Paint } from './paint.ts';
import { withPlace } from './place.ts';
import { describeTerminal } from './terminal.ts';

export type ProgressOptions = {
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly color: boolean;
};

export type Progress = { readonly emit: Emit; readonly stop: () => void };

/**
 * Shows events on stderr: one spinner for the stage under way on a terminal, a plain line an event elsewhere.
 */
export async function createProgress(options: ProgressOptions): Promise<Progress> {
  const terminal = describeTerminal('stderr', { color: options.color });
  const paint = createPaint(terminal.color);
  const spinner = terminal.interactive && !options.quiet ? await createSpinner() : undefined;
  const print = (line: string): void => {
    const under = spinner?.text();
    spinner?.stop();
    printNote(line);
    if (under !== undefined) spinner?.start(under);
  };
  const emit: Emit = (event) => {
    const line = lineFor(event, paint, { ...options, interactive: terminal.interactive });
    if (event.type === 'stage-finished') spinner?.stop();
    if (line !== undefined) print(line);
    if (event.type === 'stage-started') spinner?.start(event.title);
    const title = spinner?.text();
    spinner?.setSuffix(title === undefined ? '' : paint.dim(suffixFor(event, title, terminal.columns)));
  };
  return { emit, stop: () => spinner?.stop() };
}

/** What a host or node just did, behind the stage's title, within one line of the terminal. */
function suffixFor(event: OperationEvent, title: string, columns: number): string {
  const room = columns - title.length - 4;
  const text = event.type === 'host' || event.type === 'node' ? shown(withPlace(event, event.message)) : '';
  return text.length <= room ? text : `${text.slice(0, Math.max(room - 1, 0))}…`;
}

function lineFor(
  event: OperationEvent,
  paint: Paint,
  { quiet, verbose, interactive }: ProgressOptions & { readonly interactive: boolean },
): string | undefined {
  switch (event.type) {
    case 'warning':
      return [
        `${paint.yellow('warning:')} ${withPlace(event, behindBar(event.message))}`,
        ...(event.hints ?? []).map((hint) => `  ${paint.dim('→')} ${behindBar(hint)}`),
      ].join('\n');
    case 'stage-finished':
      return quiet
        ? undefined
        : `${markFor(event.outcome, paint)} ${event.title} ${paint.dim(formatMs(event.durationMs))}`;
    case 'stage-started':
      return quiet || interactive ? undefined : `  ${event.title} …`;
    case 'host':
    case 'node':
      return verbose ? `    ${withPlace(event, event.message)}` : undefined;
  }
}

function markFor(outcome: 'changed' | 'unchanged' | 'failed', paint: Paint): string {
  if (outcome === 'failed') return paint.red('✗');
  return outcome === 'changed' ? paint.green('✓') : paint.dim('·');
}

/** `87 ms`, `1.4 s`, `2 min 5 s`. */
export function formatMs(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}
