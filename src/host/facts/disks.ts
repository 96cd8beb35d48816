import type { DiskState } from '../facts.ts';
import { shWords } from '../../base/sh.ts';
import type { Fact } from './fact.ts';
import { linesOf, requireNumber } from './lines.ts';

/** Free space at each path, or where it will be: at its nearest ancestor that is there. */
export const disks: Fact<Readonly<Record<string, DiskState>>> = {
  script: ({ disks: paths }) => `
set --
for path in ${shWords(paths)}; do
  while [ -n "$path" ] && [ ! -e "$path" ]; do path=\${path%/*}; done
  set -- "$@" "\${path:-/}"
done
stat -f -c '%S %b %a %c %d' -- "$@"
`,
  parse: (output, { disks: paths }) => {
    const lines = linesOf(output);
    if (lines.length !== paths.length) throw new Error('not one line of stat -f for each path');
    return Object.fromEntries(paths.map((path, index) => [path, parseDisk(lines[index] ?? '')]));
  },
};

function parseDisk(line: string): DiskState {
  const [block = 0, total = 0, available = 0, inodes = 0, inodesAvailable = 0] = line
    .split(' ')
    .map((word) => requireNumber(word, 'stat -f'));
  return {
    total: block * total,
    available: block * available,
    // btrfs and some network file systems report none at all.
    inodesAvailable: inodes === 0 ? undefined : inodesAvailable,
  };
}
