import type { Path } from './source.ts';

/** Something wrong with the document, before its place in the file is looked up. */
export type Fault = {
  readonly path: Path;
  readonly message: string;
  /** The key is wrong, not its value. */
  readonly at?: 'key';
};

/** `1 host`, `2 hosts`: for messages. */
export function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}

/** `a`, `a and b`, `a, b and c`. */
export function listing(items: readonly string[], last = 'and'): string {
  if (items.length < 2) return items.join('');
  return `${items.slice(0, -1).join(', ')} ${last} ${items.at(-1)}`;
}
