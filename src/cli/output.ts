/**
 * The only place that writes to the terminal (the linter keeps it so). Everything else hands text to it, and
 * what hosts, servers, keys or files put into that text is made harmless here.
 */
import { Writable } from 'node:stream';
import type { WriteStream } from 'node:tty';
import type { Ora } from 'ora';
import { harmless, harmlessJson } from '../base/harmless.ts';
import { splitPaint } from './paint.ts';

/** Text as a terminal may have it: colours of `createPaint` stay, everything else is made harmless. */
export function shown(text: string): string {
  return splitPaint(text)
    .map((part, index) => (index % 2 === 1 ? part : harmless(part)))
    .join('');
}

export type StreamName = 'stdout' | 'stderr';

/** What stands at the other end of a stream. A terminal that does not know its size says 0 columns. */
export function terminalAt(name: StreamName): {
  readonly isTerminal: boolean;
  readonly columns: number;
} {
  const { isTTY, columns } = process[name];
  return { isTerminal: isTTY === true, columns: columns ?? 0 };
}

/** Results: text for people. */
export function printResult(text: string): void {
  process.stdout.write(`${shown(text)}\n`);
}

/** Results: one document for programs. */
export function printJson(document: unknown): void {
  process.stdout.write(`${harmlessJson(document)}\n`);
}

/** Everything that is not the result. */
export function printNote(text: string): void {
  process.stderr.write(`${shown(text)}\n`);
}

/** A question, whose answer is typed behind it. */
export function printQuestion(text: string): void {
  process.stderr.write(shown(text));
}

/** Where readline shows what is typed: on stderr, or nowhere. */
export function echoOf(secret: boolean): NodeJS.WritableStream {
  return secret ? new Writable({ write: (_chunk, _encoding, done) => done() }) : process.stderr;
}

export type Spinner = {
  readonly start: (text: string) => void;
  readonly stop: () => void;
  /** The text that it shows; undefined while it is stopped. */
  readonly text: () => string | undefined;
  /** What stands behind its text. */
  readonly setSuffix: (text: string) => void;
};

/** A spinner on stderr. Loaded where it is shown: its tables of wide characters take 25 ms. */
export async function createSpinner(): Promise<Spinner> {
  const { default: ora } = await import('ora');
  // discardStdin: true would swallow Ctrl-C.
  const spinner: Ora = ora({ stream: process.stderr, discardStdin: false });
  return {
    start: (text) => void spinner.start(shown(text)),
    stop: () => void spinner.stop(),
    text: () => (spinner.isSpinning ? spinner.text : undefined),
    setSuffix: (text) => (spinner.suffixText = shown(text)),
  };
}

// xterm's control sequences, known to every terminal in use.
const enter = '\u001B[?1049h\u001B[?25l';
const leave = '\u001B[?25h\u001B[?1049l';
const home = '\u001B[H';
const restOfLine = '\u001B[K';
const restOfScreen = '\u001B[J';

/** The terminal's second screen: shows whole frames, in one write each so that it does not flicker. */
export type Frames = {
  /** The lines of a frame; each is cut to the terminal's width. */
  readonly show: (lines: readonly string[]) => void;
  readonly leave: () => void;
  readonly size: () => { readonly columns: number; readonly rows: number };
};

/** `onResize` is called when the terminal has another size. */
export function enterFrames(onResize: () => void, stream: WriteStream = process.stdout): Frames {
  stream.write(enter);
  stream.on('resize', onResize);
  return {
    show: (lines) => {
      const frame = lines.map((line) => `${cut(shown(line), stream.columns)}${restOfLine}\n`).join('');
      stream.write(`${home}${frame}${restOfScreen}`);
    },
    leave: () => {
      stream.off('resize', onResize);
      stream.write(leave);
    },
    size: () => ({ columns: stream.columns, rows: stream.rows }),
  };
}

/** A line that is too long would take two, and push the rest down. Colours take no room and are all kept. */
function cut(line: string, columns: number): string {
  let room = columns;
  // oxlint-disable-next-line no-control-regex
  return line.replaceAll(/\u001B\[[\d;]*m|[^]/gu, (part) => {
    if (part.startsWith('\u001B')) return part;
    room -= 1;
    return room < 0 ? '' : part;
  });
}

/**
 * Nobody has to read to the end (`| head`): that must not end a change half-way, with the lock held.
 * `onFailure` is called when nothing but a full disk keeps the result from being written.
 */
export function outliveReaders(onFailure: () => void): void {
  process.stderr.on('error', () => undefined);
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // EIO: the terminal was closed.
    if (error.code === 'EPIPE' || error.code === 'EIO') return;
    printNote(`error: the result cannot be written: ${error.message}`);
    onFailure();
  });
}

/** Calls the listener when nobody reads stdout any more; returns the way to stop listening. */
export function onUnread(listener: () => void): () => void {
  process.stdout.on('error', listener);
  return () => void process.stdout.off('error', listener);
}

/** Node prints warnings as they come; what they quote is made harmless like everything else. */
export function takeOverWarnings(): void {
  process.removeAllListeners('warning');
  process.on('warning', ({ name, message }) => printNote(`${name}: ${message}`));
}
