import type { DirectoryState } from '../facts.ts';
import { shWords } from '../sh.ts';
import type { Fact } from './fact.ts';
import { linesOf } from './lines.ts';

/**
 * Managed directories and the names of what is in them: `/stat MODE OWNER GROUP PATH` for each that is there, then
 * `/entries PATH` and the names. No name has a slash, so none is taken for the other.
 */
export const directories: Fact<Readonly<Record<string, DirectoryState>>> = {
  script: ({ directories: paths }) => `
set --
for path in ${shWords(paths)}; do [ ! -d "$path" ] || set -- "$@" "$path"; done
[ $# -gt 0 ] || exit 0
stat -L -c '/stat %a %U %G %n' -- "$@"
for path; do
  printf '/entries %s\\n' "$path"
  ls -A -- "$path"
done
`,
  parse: (output) => {
    const lines = linesOf(output);
    const entries = entriesOf(lines);
    return Object.fromEntries(
      lines
        .filter((line) => line.startsWith('/stat '))
        .map((line) => {
          const [, mode = '', owner = '', group = '', ...path] = line.split(' ');
          const names = entries.get(path.join(' ')) ?? [];
          return [path.join(' '), { mode: mode.padStart(4, '0'), owner, group, entries: names.toSorted() }];
        }),
    );
  },
};

function entriesOf(lines: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const entries = new Map<string, string[]>();
  let names: string[] = [];
  for (const line of lines) {
    if (line.startsWith('/entries ')) entries.set(line.slice('/entries '.length), (names = []));
    else if (!line.startsWith('/')) names.push(line);
  }
  return entries;
}
