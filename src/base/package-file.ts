import { existsSync } from 'node:fs';

/** Sources are two folders below the package's root, the build is one. */
const root = ['../../', '../']
  .map((up) => new URL(up, import.meta.url))
  .find((folder) => existsSync(new URL('package.json', folder)));

/** A file that comes with the package (`templates/…`). Throws Error where the package is not whole. */
export function packageFile(path: string): URL {
  if (root === undefined) throw new Error(`no package.json above ${import.meta.url}`);
  return new URL(path, root);
}
