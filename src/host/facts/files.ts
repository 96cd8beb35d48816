import type { FileState } from '../facts.ts';
import { shWords } from '../sh.ts';
import type { Fact } from './fact.ts';
import { requireNumber } from './lines.ts';

/** Managed files. Contents come in base64: whatever a file holds, it cannot be taken for a marker. */
export const files: Fact<Readonly<Record<string, FileState>>> = {
  script: ({ files: paths }) => `
set -- ${shWords(paths)}
i=0
for path; do
  if [ -f "$path" ] && [ -r "$path" ]; then
    printf '@%s ' "$i"
    stat -L -c '%a %U %G %Y' -- "$path"
    base64 <"$path"
  fi
  i=$((i + 1))
done
`,
  parse: (output, { files: paths }) =>
    Object.fromEntries(
      output
        .split('@')
        .slice(1)
        .map((part) => parseFile(part, paths)),
    ),
};

/** `INDEX MODE OWNER GROUP MODIFIED`, then lines of base64 (which knows no `@`). */
function parseFile(part: string, paths: readonly string[]): readonly [string, FileState] {
  const [head = '', ...body] = part.split('\n');
  const [index = '', mode = '', owner = '', group = '', modified] = head.split(' ');
  const path = paths[Number(index)];
  if (path === undefined) throw new Error(`no such file was asked for: ${head}`);
  const state = {
    mode: mode.padStart(4, '0'),
    owner,
    group,
    content: Buffer.from(body.join(''), 'base64').toString('utf8'),
    modified: requireNumber(modified, 'modification time') * 1000,
  };
  return [path, state];
}
