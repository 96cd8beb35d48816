import { randomInt } from 'node:crypto';
import { stripVTControlCharacters } from 'node:util';

type Painter = (text: string) => string;

/** Text in a colour or weight; with colours off, the text as it is. */
export type Paint = Readonly<Record<keyof typeof codes, Painter>>;

/** SGR codes of ECMA-48 that begin and end each. */
const codes = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const;

/**
 * A second parameter that no host or server can guess tells the codes of this module from those in what they
 * sent. `splitPaint` takes it off, `harmless` spells out everything that has none.
 */
const mark = `${randomInt(2 ** 47)}${randomInt(2 ** 47)}`;

const code = (number: number): string => `\u001B[${number};${mark}m`;

/** The painters for a stream that shows colours, or does not. */
export function createPaint(color: boolean): Paint {
  const painter = (name: keyof typeof codes): Painter => {
    const [open, close] = codes[name].map(code);
    // What ends inside would end the outer one as well.
    return color
      ? (text) => `${open}${text.replaceAll(close ?? '', `${close}${open}`)}${close}`
      : (text) => text;
  };
  return {
    bold: painter('bold'),
    dim: painter('dim'),
    red: painter('red'),
    green: painter('green'),
    yellow: painter('yellow'),
    cyan: painter('cyan'),
  };
}

/** How many columns text with codes of `createPaint` takes; it is one line of ASCII otherwise. */
export const columnsOf = (text: string): number =>
  stripVTControlCharacters(text.replaceAll(`;${mark}`, '')).length;

/** Splits text at the codes of `createPaint`: every second part is such a code, as the terminal takes it. */
export function splitPaint(text: string): readonly string[] {
  const parts = text.split(new RegExp(`(\\u001B\\[\\d+;${mark}m)`));
  return parts.map((part, index) => (index % 2 === 1 ? part.replace(`;${mark}`, '') : part));
}
