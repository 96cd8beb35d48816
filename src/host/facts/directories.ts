import type { DirectoryState } from '../facts.ts';
import { shWords } from '../sh.ts';
import type { Fact } from './fact.ts';
import { linesOf } from './lines.ts';

/** Managed directories and the names of what is in them. */
export const directories: Fact<Readonly<Record<string, DirectoryState>>> = {
  script: ({ directories: paths }) => `
set -- ${shWords(paths)}
i=0
for path; do
  if [ -d "$path" ]; then
    printf '@%s ' "$i"
    stat -L -c '%a %U %G' -- "$path"
    ls -A -- "$path" | sed 's/^/-/'
  fi
  i=$((i + 1))
done
`,
  parse: (output, { directories: paths }) => {
    const states: Record<string, DirectoryState> = {};
    let path: string | undefined;
    for (const line of linesOf(output)) {
      const state = path === undefined ? undefined : states[path];
      if (line.startsWith('@')) {
        path = paths[Number(line.slice(1).split(' ')[0])];
        if (path !== undefined) states[path] = parseHead(line);
      } else if (path !== undefined && state) {
        states[path] = { ...state, entries: [...state.entries, line.slice(1)].toSorted() };
      }
    }
    return states;
  },
};

/** `@INDEX MODE OWNER GROUP` */
function parseHead(line: string): DirectoryState {
  const [, mode = '', owner = '', group = ''] = line.split(' ');
  return { mode: mode.padStart(4, '0'), owner, group, entries: [] };
}
