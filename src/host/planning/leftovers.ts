import { basename, dirname, join } from 'node:path';
import { layoutFiles, type Layout } from '../../render/layout.ts';
import type { Facts } from '../facts.ts';

export const leftoverWhy = 'left by an interrupted write; it may hold a password';

/** What `writeFileScript` writes before it renames: a power loss leaves it. */
const temporaryOf = (path: string): string => join(dirname(path), `.${basename(path)}.new`);

/** Temporary files of interrupted writes, in the folders that are the tool's. */
export const leftoversOf = (layout: Layout, { directories }: Pick<Facts, 'directories'>): readonly string[] =>
  layoutFiles(layout)
    .map(temporaryOf)
    .filter((path) => directories[dirname(path)]?.entries.includes(basename(path)) === true);
