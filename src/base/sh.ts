/** A word of POSIX sh: single-quoted, whatever it holds. NUL cannot be in a word and is refused. */
export function shQuote(word: string): string {
  if (word.includes('\0')) throw new Error('a shell word cannot hold NUL');
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** Several words, each quoted. */
export const shWords = (words: readonly (string | number)[]): string =>
  words.map((word) => shQuote(String(word))).join(' ');
