import { dirname } from 'node:path';
import { straysOf } from '../scripts/own-data.ts';
import { shQuote, shWords } from '../../base/sh.ts';
import type { Fact } from './fact.ts';
import { linesOf } from './lines.ts';

/** How many paths are listed of each folder. */
const listed = 5;

/**
 * What is in the nodes' folders of data and logs and `own-data` gives to the service user, as somebody leaves
 * it who runs the server as root once: `/folder PATH`, then paths. find follows no link; names are the
 * service user's to choose, so a newline in one is shown as `?`.
 */
export const strayOwners: Fact<Readonly<Record<string, readonly string[]>>> = {
  script: ({ nodes, serviceUser }) =>
    serviceUser === undefined || nodes.length === 0
      ? ':'
      : `
[ "$(id -u)" = 0 ] && id -u ${shQuote(serviceUser)} >/dev/null 2>&1 || exit 0
for path in ${shWords(nodes.flatMap(({ dataDirectory, logFile }) => [dataDirectory, dirname(logFile)]))}; do
  as_directory "$path" || continue
  cd -P -- "$path" 2>/dev/null || continue
  strays=$(find . -xdev -mindepth 1 ${straysOf(serviceUser)} -print0 2>/dev/null | tr '\\n\\0' '?\\n' | head -n ${listed})
  [ -z "$strays" ] || printf '/folder %s\\n%s\\n' "$path" "$strays"
done
`,
  parse: (output) => {
    const folders = new Map<string, string[]>();
    let paths: string[] = [];
    for (const line of linesOf(output)) {
      if (line.startsWith('/folder ')) folders.set(line.slice('/folder '.length), (paths = []));
      else paths.push(line.replace(/^\.\//, ''));
    }
    return Object.fromEntries(folders);
  },
};
