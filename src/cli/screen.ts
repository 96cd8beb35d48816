import type { WriteStream } from 'node:tty';
import { enterFrames } from './output.ts';

export type Size = { readonly columns: number; readonly rows: number };

/** A terminal's second screen, drawn over in one write a frame so that it does not flicker. */
export type Screen = {
  /**
   * Shows what `render` makes for the terminal's size, now and again when that changes; what is beyond it is
   * cut.
   */
  readonly draw: (render: (size: Size) => string) => void;
  /** Brings back what was on the terminal before. */
  readonly close: () => void;
};

/** Takes a terminal's second screen; default stdout's. */
export function createScreen(stream?: WriteStream): Screen {
  let render: ((size: Size) => string) | undefined;
  const paint = (): void => {
    if (!render) return;
    const { columns, rows: all } = frames.size();
    const rows = Math.max(1, all - 1);
    frames.show(render({ columns, rows }).split('\n').slice(0, rows));
  };
  const frames = enterFrames(paint, stream);
  return {
    draw: (next) => {
      render = next;
      paint();
    },
    close: frames.leave,
  };
}
