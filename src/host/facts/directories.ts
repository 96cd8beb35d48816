import type { DirectoryState } from '../facts.ts';
import { shWords } from '../../base/sh.ts';
import type { Fact } from './fact.ts';
import { linesOf } from './lines.ts';
import { ownershipFormat, parseOwnership } from './ownership.ts';

/**
 * sh functions: what counts as a managed file, and as a managed directory. A file is never reached through a
 * link; a directory may be, where root or the user who runs this made the link.
 */
const functions = `as_file() { [ -f "$1" ] && [ ! -L "$1" ] && [ -r "$1" ]; }
as_directory() {
  [ -d "$1" ] || return
  [ -L "$1" ] || return 0
  case $(stat -c %u -- "$1") in 0 | "$(id -u)") ;; *) return 1 ;; esac
}`;

/**
 * Managed directories and the names of what is in them: `/stat`, the ownership and the path, between tabs,
 * for each that is there, then `/entries PATH` and the names. No name has a slash, so none is taken for the
 * other.
 */
export const directories: Fact<Readonly<Record<string, DirectoryState>>> = {
  prepare: () => functions,
  script: ({ directories: paths }) => `
set --
for path in ${shWords(paths)}; do if as_directory "$path"; then set -- "$@" "$path"; fi; done
[ $# -gt 0 ] || exit 0
stat -L -c '/stat\t${ownershipFormat}\t%n' -- "$@" || exit
for path; do
  printf '/entries %s\\n' "$path"
  ls -A -- "$path" || exit
done
`,
  parse: (output) => {
    const lines = linesOf(output);
    const entries = entriesOf(lines);
    return Object.fromEntries(
      lines
        .filter((line) => line.startsWith('/stat\t'))
        .map((line) => {
          const [, ...fields] = line.split('\t');
          const path = fields.slice(5).join('\t');
          return [path, { ...parseOwnership(fields), entries: (entries.get(path) ?? []).toSorted() }];
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
