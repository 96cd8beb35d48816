import type { Terminal } from '../command.ts';

/** Columns that a text may take: what goes into a file or to grep has no breaks in it. */
export function widthOf({ interactive, columns }: Pick<Terminal, 'interactive' | 'columns'>): number {
  return interactive ? columns : Number.POSITIVE_INFINITY;
}

/** Narrower than this a text is easier to read on one long line. */
const narrowest = 20;

/** Words in lines of at most `width`; a word that is longer has a line of its own. */
export function wrap(text: string, width: number): readonly string[] {
  if (width < narrowest) return [text];
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const longer = `${lines.at(-1) ?? ''} ${word}`;
    if (lines.length > 0 && longer.length <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
