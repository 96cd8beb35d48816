import type { FileState } from '../facts.ts';
import { shWords } from '../../base/sh.ts';
import type { Fact } from './fact.ts';
import { linesOf, requireNumber } from './lines.ts';
import { ownershipFormat, parseOwnership } from './ownership.ts';

/**
 * Managed files: `@stat`, the ownership, modification time and path, between tabs, for each that is there,
 * then `@content PATH` and its content in base64: whatever a file holds, it cannot be taken for a marker.
 */
export const files: Fact<Readonly<Record<string, FileState>>> = {
  script: ({ files: paths }) => `
set --
for path in ${shWords(paths)}; do if as_file "$path"; then set -- "$@" "$path"; fi; done
[ $# -gt 0 ] || exit 0
stat -c '@stat\t${ownershipFormat}\t%Y\t%n' -- "$@" || exit
for path; do
  printf '@content %s\\n' "$path"
  base64 <"$path" || exit
done
`,
  parse: (output) => {
    const parts = output.split(/^@/m).slice(1);
    const contents = new Map(parts.flatMap(parseContent));
    return Object.fromEntries(parts.flatMap((part) => parseStat(part, contents)));
  },
};

function parseContent(part: string): readonly (readonly [string, string])[] {
  const [head = '', ...body] = linesOf(part);
  return head.startsWith('content ')
    ? [[head.slice('content '.length), Buffer.from(body.join(''), 'base64').toString('utf8')]]
    : [];
}

function parseStat(
  part: string,
  contents: ReadonlyMap<string, string>,
): readonly (readonly [string, FileState])[] {
  const [word, ...fields] = part.trimEnd().split('\t');
  if (word !== 'stat') return [];
  const path = fields.slice(6).join('\t');
  const content = contents.get(path);
  if (content === undefined) throw new Error(`no content of ${path}`);
  const modified = requireNumber(fields[5], 'modification time') * 1000;
  return [[path, { ...parseOwnership(fields), content, modified }]];
}
