import type { WriteStream } from 'node:tty';
import type { Terminal } from './command.ts';

/** What a stream can show. Colours follow --no-color, NO_COLOR and TERM=dumb (no-color.org). */
export function describeTerminal(stream: WriteStream, global: Readonly<Record<string, unknown>>): Terminal {
  // A terminal that says 0 columns (some serial lines) makes spinners loop: it counts as none.
  const interactive = stream.isTTY === true && stream.columns > 0;
  const { NO_COLOR, TERM } = process.env;
  const color = interactive && global['color'] !== false && !NO_COLOR && TERM !== 'dumb';
  return { interactive, color, columns: interactive ? stream.columns : 80 };
}
