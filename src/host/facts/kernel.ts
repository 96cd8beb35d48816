import type { KernelFacts } from '../facts.ts';
import type { Fact } from './fact.ts';
import { linesOf, requireNumber } from './lines.ts';

const overcommitMemory = '/proc/sys/vm/overcommit_memory';
const somaxconn = '/proc/sys/net/core/somaxconn';
const hugepages = '/sys/kernel/mm/transparent_hugepage/enabled';
const paths = [overcommitMemory, somaxconn, hugepages];

/**
 * What Redis warns of when it starts, and whether it could be changed here: `PATH:VALUE` and `PATH writable`.
 * Not by the shell's `read`, which takes byte after byte: files in /proc/sys give their first byte alone that
 * way.
 */
export const kernel: Fact<KernelFacts> = {
  script: ({ ports }) => `
grep -H . ${paths.join(' ')} 2>/dev/null
for path in ${paths.join(' ')}; do [ ! -w $path ] || printf '%s writable\\n' $path; done
${atBootScript}
PATH=$PATH:/usr/sbin:/sbin
ss -Hltn 'sport = :${ports.join(' or sport = :')}' 2>/dev/null |
  sed -n -E 's/^[^ ]+ +[0-9]+ +([0-9]+) +[^ ]*:([0-9]+) .*/backlog \\2 \\1/p'
:
`,
  parse: (output) => {
    const lines = linesOf(output);
    const valueOf = (path: string): string | undefined =>
      lines.find((line) => line.startsWith(`${path}:`))?.slice(path.length + 1);
    const isWritable = (path: string): boolean => lines.includes(`${path} writable`);
    return {
      overcommitMemory: requireNumber(valueOf(overcommitMemory), 'vm.overcommit_memory'),
      somaxconn: requireNumber(valueOf(somaxconn), 'net.core.somaxconn'),
      transparentHugepages: /\[(\w+)\]/.exec(valueOf(hugepages) ?? '')?.[1],
      overcommitMemoryWritable: isWritable(overcommitMemory),
      somaxconnWritable: isWritable(somaxconn),
      transparentHugepagesWritable: isWritable(hugepages),
      atBoot: Object.fromEntries(lines.flatMap(parseAtBoot)),
      backlogs: backlogsOf(lines),
    };
  },
};

const keys = ['vm.overcommit_memory', 'net.core.somaxconn'];

/**
 * The lines about our keys, in the order in which they are set at boot: files by their names, whichever
 * folder they are in, and of two with one name the one in the first folder (sysctl.d(5)).
 */
const atBootScript = `set --
for file in $(
  for folder in /etc /run /usr/local/lib /usr/lib /lib; do
    for file in $folder/sysctl.d/*.conf; do [ ! -r "$file" ] || printf '%s %s\\n' "\${file##*/}" "$file"; done
  done | sort -s -u -k 1,1 | cut -d ' ' -f 2-
); do set -- "$@" "$file"; done
[ $# = 0 ] || grep -HE '^[[:space:]]*-?(${keys.map((key) => key.replaceAll('.', '[./]')).join('|')})[[:space:]]*=' "$@" |
  sed 's/^/boot /'`;

/** `boot FILE:KEY = VALUE`; of several the last one counts. */
function parseAtBoot(line: string): readonly (readonly [string, { value: string; file: string }])[] {
  const [, file, key, value] = /^boot ([^:]+):\s*-?([\w./]+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
  if (file === undefined || key === undefined || value === undefined) return [];
  return [[key.replaceAll('/', '.'), { value, file }]];
}

function backlogsOf(lines: readonly string[]): Readonly<Record<number, number>> {
  const backlogs: Record<number, number> = {};
  for (const line of lines) {
    const [, port, length] = /^backlog (\d+) (\d+)$/.exec(line) ?? [];
    if (port === undefined) continue;
    backlogs[Number(port)] = Math.min(backlogs[Number(port)] ?? Number.POSITIVE_INFINITY, Number(length));
  }
  return backlogs;
}
