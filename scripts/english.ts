/**
 * `npm run english`: fails on words that operators stumble over, on comments that are too wide, and on names
 * in comments that the code does not have.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findLongComments, findUnknownNames, findWords, namesIn, type Remark } from './english-rules.ts';

const root = join(import.meta.dirname, '..');
const rules = 'scripts/english-rules.ts';

const inFolder = (folder: string): readonly string[] =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
const textsOf = (files: readonly string[]): ReadonlyMap<string, string> =>
  new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')]));

const code = textsOf(['src', 'scripts', 'bench'].flatMap(inFolder).filter((file) => file.endsWith('.ts')));
const prose = textsOf([
  ...['docs', 'templates', 'inventories'].flatMap(inFolder),
  ...readdirSync(root).filter((file) => file.endsWith('.md')),
]);
const known = new Set([...code.values(), ...prose.values()].flatMap(namesIn));

const remarks = [...code, ...prose].flatMap(([file, text]): readonly (Remark & { file: string })[] => {
  const found = [
    ...(file === rules ? [] : findWords(text)),
    ...(code.has(file) ? [...findLongComments(text), ...findUnknownNames(text, known)] : []),
  ];
  return found.map((remark) => ({ ...remark, file }));
});
for (const { file, line, message } of remarks) console.error(`${file}:${line}: ${message}`);
process.exitCode = remarks.length === 0 ? 0 : 1;
