import type { Terminal } from './command.ts';
import { type StreamName, terminalAt } from './output.ts';

/** What a stream can show. Colours follow --no-color, NO_COLOR and TERM=dumb (no-color.org). */
export function describeTerminal(name: StreamName, global: Readonly<Record<string, unknown>>): Terminal {
  const { isTerminal, columns } = terminalAt(name);
  // A terminal that says 0 columns (some serial lines) makes spinners loop: it counts as none.
  const interactive = isTerminal && columns > 0;
  const { NO_COLOR, TERM } = process.env;
  const color = interactive && global['color'] !== false && !NO_COLOR && TERM !== 'dumb';
  return { interactive, color, columns: interactive ? columns : 80 };
}
