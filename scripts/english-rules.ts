/** One place where a text breaks a rule: line from 1, and what to do. */
export type Remark = { readonly line: number; readonly message: string };

/** Words that operators stumbled over, as a pattern, and what to write instead. */
const words: readonly (readonly [pattern: string, instead: string])[] = [
  ['mend(?:s|ed|ing)?', 'fix'],
  ['anew|afresh', 'again'],
  ['goes on', 'resumes, continues'],
  ['comes? to its end', 'finishes, was interrupted'],
  ['speaks? against', 'blocks'],
  ['cannot be asked|cannot be had', 'does not respond, is not available'],
  ['for want of', 'because … ran out'],
  ['but for', 'except for'],
  ['beside', 'next to, compared with'],
  ['illness(?:es)?', 'fault'],
  ['whom|whoever', 'the name of the person or thing'],
  ['(?:takes )?our password', "the inventory's password"],
  ['is wanted', 'must be, expected'],
];

/** The words of a text that are not used here, whatever the text is. */
export function findWords(text: string): readonly Remark[] {
  return words.flatMap(([pattern, instead]) =>
    [...text.matchAll(new RegExp(`\\b(?:${pattern})\\b`, 'gi'))].map((found) => ({
      line: lineAt(text, found.index),
      message: `"${found[0]}" is not a word that we use; write: ${instead}`,
    })),
  );
}

/** The most columns of a line of a comment. */
const columns = 110;

/** Lines of comments that are too long. Code has a limit of its own, which the formatter keeps. */
export function findLongComments(source: string): readonly Remark[] {
  return commentsOf(source).flatMap(({ line, text }) =>
    text
      .split('\n')
      .flatMap((each, index) =>
        each.length > columns && !/https?:\/\/\S{60}/.test(each)
          ? [{ line: line + index, message: `a comment of ${each.length} columns; at most ${columns}` }]
          : [],
      ),
  );
}

/** Names of code in backticks, such as `planForm`, that no code in `known` has. */
export function findUnknownNames(source: string, known: ReadonlySet<string>): readonly Remark[] {
  return commentsOf(source).flatMap(({ line, text }) =>
    [...text.matchAll(/`([a-z][\w$]*[A-Z][\w$]*)(?:\(\))?`/g)].flatMap((found) => {
      const name = found[1] ?? '';
      if (known.has(name)) return [];
      return [
        { line: line + lineAt(text, found.index) - 1, message: `\`${name}\` does not exist in the code` },
      ];
    }),
  );
}

/** The names in a source, without those that only its comments have. */
export const namesIn = (source: string): readonly string[] =>
  source.replaceAll(comment, '').match(/[A-Za-z_$][\w$]*/g) ?? [];

/** A block, or a line comment; `//` in an address or a string does not begin one. */
const comment = /\/\*\*?[\s\S]*?\*\/|(?<=^|[\s;{(,])\/\/ [^\n]*/gm;

/** Each with its whole first line, since that is what is wide. */
function commentsOf(source: string): readonly { readonly line: number; readonly text: string }[] {
  return [...source.matchAll(comment)].map((found) => {
    const start = source.lastIndexOf('\n', found.index) + 1;
    return { line: lineAt(source, found.index), text: source.slice(start, found.index) + found[0] };
  });
}

const lineAt = (text: string, index: number): number => text.slice(0, index).split('\n').length;
