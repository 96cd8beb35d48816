import type { WriteStream } from 'node:tty';

/** A terminal's second screen, drawn over in one write a frame so that it does not flicker. */
export type Screen = {
  /** Shows this text; lines beyond the terminal's height are left out. */
  readonly draw: (text: string) => void;
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
  stream.write(enter);
  return {
    draw: (text) => {
      const lines = text.split('\n').slice(0, Math.max(1, stream.rows - 1));
      stream.write(`${home}${lines.map((line) => `${line}${restOfLine}\n`).join('')}${restOfScreen}`);
    },
    close: () => void stream.write(leave),
  };
}
