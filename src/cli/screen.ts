import type { WriteStream } from 'node:tty';

export type Size = { readonly columns: number; readonly rows: number };

/** A terminal's second screen, drawn over in one write a frame so that it does not flicker. */
export type Screen = {
  /** Shows what `render` makes for the terminal's size, now and again when that changes; what is beyond it is cut. */
  readonly draw: (render: (size: Size) => string) => void;
  /** Brings back what was on the terminal before. */
  readonly close: () => void;
};

// xterm's control sequences, known to every terminal in use.
const enter = '\u001B[?1049h\u001B[?25l';
const leave = '\u001B[?25h\u001B[?1049l';
const home = '\u001B[H';
const restOfLine = '\u001B[K';
const restOfScreen = '\u001B[J';

export function createScreen(stream: WriteStream): Screen {
  let render: ((size: Size) => string) | undefined;
  const paint = (): void => {
    if (!render) return;
    const { columns } = stream;
    const rows = Math.max(1, stream.rows - 1);
    const lines = render({ columns, rows }).split('\n').slice(0, rows);
    const frame = lines.map((line) => `${cut(line, columns)}${restOfLine}\n`).join('');
    stream.write(`${home}${frame}${restOfScreen}`);
  };
  stream.write(enter);
  stream.on('resize', paint);
  return {
    draw: (next) => {
      render = next;
      paint();
    },
    close: () => {
      stream.off('resize', paint);
      stream.write(leave);
    },
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
