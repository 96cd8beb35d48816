import type { UnusablePath } from '../facts.ts';
import { shWords } from '../../base/sh.ts';
import type { Fact } from './fact.ts';
import { linesOf } from './lines.ts';

/**
 * Managed paths with something else in their place than a file that can be read, or a directory: `WHAT`, the
 * owner's name and the path, between tabs. Nothing is followed; what is not there at all is not unusable.
 */
export const unusable: Fact<Readonly<Record<string, UnusablePath>>> = {
  script: ({ files, directories }) => `
tell() {
  if [ -L "$1" ]; then what=link; elif [ -d "$1" ]; then what=directory; elif [ -f "$1" ]; then what=$2; else what=other; fi
  stat -c "$what\t%U\t%n" -- "$1"
}
there() { [ -e "$1" ] || [ -L "$1" ]; }
for path in ${shWords(files)}; do if there "$path" && ! as_file "$path"; then tell "$path" unreadable || exit; fi; done
for path in ${shWords(directories)}; do if there "$path" && ! as_directory "$path"; then tell "$path" other || exit; fi; done
`,
  parse: (output) => Object.fromEntries(linesOf(output).flatMap(parseLine)),
};

function parseLine(line: string): readonly (readonly [string, UnusablePath])[] {
  const [what = '', owner = '', ...path] = line.split('\t');
  switch (what) {
    case 'link':
    case 'directory':
    case 'unreadable':
    case 'other':
      return [[path.join('\t'), { what, owner }]];
    default:
      throw new Error(`not a kind of path: ${JSON.stringify(line)}`);
  }
}
