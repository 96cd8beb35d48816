/**
 * `npm run build`: `src` and the libraries into a few files in `dist`, since loading hundreds costs every
 * command a third of a second. ssh2 stays a dependency: it has a native part.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');

rmSync(dist, { recursive: true, force: true });
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: ['src/cli/main.ts'],
  outdir: dist,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  external: ['ssh2'],
  // Libraries in CommonJS ask for Node's own modules by `require`.
  banner: {
    js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
  },
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
});
const paths = Object.keys(metafile.inputs).map(
  (path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0],
);
const libraries = [...new Set(paths)].filter((path) => path !== undefined).toSorted();
writeFileSync(join(dist, 'THIRD-PARTY-NOTICES'), libraries.map(noticeOf).join('\n'));

/** Every library that is part of the build, with the terms that it has to be passed on under. */
function noticeOf(path: string): string {
  const read = (file: string): string => readFileSync(join(root, path, file), 'utf8');
  const { name, version } = JSON.parse(read('package.json')) as Record<'name' | 'version', string>;
  const terms = readdirSync(join(root, path)).find((file) => /^licen[cs]e(\.(md|txt))?$/i.test(file));
  if (terms === undefined) throw new Error(`${name} has no licence that could be passed on`);
  return `${name} ${version}\n\n${read(terms)}`;
}
