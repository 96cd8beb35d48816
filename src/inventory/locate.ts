import type { Problem } from '../base/errors.ts';
import type { Inventory } from './inventory.ts';
import { formatPath } from './source.ts';
import type { Path, Source } from './source.ts';

const sources = new WeakMap<Inventory, Source>();

/** Keeps the positions of a loaded inventory apart from it, so that the inventory itself stays plain data. */
export function rememberSource(inventory: Inventory, source: Source): void {
  sources.set(inventory, source);
}

/**
 * A problem at that path of the inventory's file; without line and column when it was not read from a file.
 */
export function problemAt(inventory: Inventory, path: Path, message: string): Problem {
  const place = sources.get(inventory)?.locate(path) ?? { file: inventory.file };
  return { ...place, path: formatPath(path), message };
}
