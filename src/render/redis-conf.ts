import { UsageError } from '../base/errors.ts';

/** One line of a redis.conf. */
export type ConfLine = {
  /** In lower case: redis.conf names are not case-sensitive. */
  readonly name: string;
  readonly args: readonly string[];
  /** From 1. */
  readonly line: number;
};

const escapes: ReadonlyMap<string, string> = new Map([
  ['\\', '\\\\'],
  ['"', '\\"'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\x07', '\\a'],
  ['\b', '\\b'],
]);

/**
 * A value as one argument of redis.conf, always in double quotes: it can neither end its quotes nor its line.
 * Bytes outside printable ASCII are written as \xHH of their UTF-8, as sdscatrepr does.
 * Throws UsageError for a NUL character, which redis.conf cannot hold.
 */
export function quote(value: string): string {
  if (value.includes('\0')) throw new UsageError('a redis.conf value cannot hold a NUL character');
  const quoted = Array.from(value, (character) => escapes.get(character) ?? escapeBytes(character));
  return `"${quoted.join('')}"`;
}

function escapeBytes(character: string): string {
  if (/^[\x20-\x7e]$/.test(character)) return character;
  return Array.from(Buffer.from(character), (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}

/**
 * The directives of a redis.conf in order, as the server reads them (config.c, sdssplitargs): comments only
 * on lines of their own, names in any case. Throws Error naming the line where quotes are unbalanced.
 */
export function parseRedisConf(text: string): readonly ConfLine[] {
  return text.split('\n').flatMap((raw, index) => {
    const trimmed = raw.replaceAll(/^[ \t\r]+|[ \t\r]+$/g, '');
    if (trimmed === '' || trimmed.startsWith('#')) return [];
    const [name = '', ...args] = splitArguments(trimmed, index + 1);
    return [{ name: name.toLowerCase(), args, line: index + 1 }];
  });
}

function splitArguments(text: string, line: number): readonly string[] {
  const args: string[] = [];
  let at = 0;
  while (at < text.length) {
    if (isSpace(text[at])) {
      at += 1;
      continue;
    }
    const { value, end } = readArgument(text, at);
    if (value === undefined) throw new Error(`line ${line}: unbalanced quotes`);
    args.push(value);
    at = end;
  }
  return args;
}

type Read = { readonly value: string | undefined; readonly end: number };

/** What nearly every argument is: bare or in double quotes, nothing escaped. */
const plain = /(?:"([^"\\]*)"|([^"'\\ \t\n\v\f\r]+))(?=[ \t\n\v\f\r]|$)/y;

/** One argument: plain characters and at most one quoted part, which must end it. */
function readArgument(text: string, start: number): Read {
  plain.lastIndex = start;
  const found = plain.exec(text);
  if (found) return { value: found[1] ?? found[2], end: plain.lastIndex };
  const bytes: number[] = [];
  let at = start;
  while (at < text.length && !isSpace(text[at])) {
    if (text[at] === '"' || text[at] === "'") {
      const end = text[at] === '"' ? readDouble(text, at + 1, bytes) : readSingle(text, at + 1, bytes);
      const closed = end !== undefined && (end === text.length || isSpace(text[end]));
      return { value: closed ? decode(bytes) : undefined, end: end ?? at };
    }
    bytes.push(...Buffer.from(characterAt(text, at)));
    at += characterAt(text, at).length;
  }
  return { value: decode(bytes), end: at };
}

const unescapes: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, b: 8, a: 7 };

/** Reads up to the closing quote into `bytes`. Returns where the text continues; undefined: no such quote. */
function readDouble(text: string, start: number, bytes: number[]): number | undefined {
  for (let at = start; at < text.length;) {
    const hex = /^\\x([0-9a-f]{2})/i.exec(text.slice(at, at + 4))?.[1];
    if (hex !== undefined) {
      bytes.push(Number.parseInt(hex, 16));
      at += 4;
    } else if (text[at] === '\\' && at + 1 < text.length) {
      const escaped = characterAt(text, at + 1);
      const byte = unescapes[escaped];
      bytes.push(...(byte === undefined ? Buffer.from(escaped) : [byte]));
      at += 1 + escaped.length;
    } else if (text[at] === '"') {
      return at + 1;
    } else {
      bytes.push(...Buffer.from(characterAt(text, at)));
      at += characterAt(text, at).length;
    }
  }
  return undefined;
}

function readSingle(text: string, start: number, bytes: number[]): number | undefined {
  for (let at = start; at < text.length;) {
    if (text.startsWith("\\'", at)) {
      bytes.push(0x27);
      at += 2;
    } else if (text[at] === "'") {
      return at + 1;
    } else {
      bytes.push(...Buffer.from(characterAt(text, at)));
      at += characterAt(text, at).length;
    }
  }
  return undefined;
}

function characterAt(text: string, at: number): string {
  return String.fromCodePoint(text.codePointAt(at) ?? 0);
}

function decode(bytes: readonly number[]): string {
  return Buffer.from(bytes).toString('utf8');
}

function isSpace(character: string | undefined): boolean {
  return character !== undefined && ' \t\n\v\f\r'.includes(character);
}
