import type { KernelFacts } from '../facts.ts';
import type { Fact } from './fact.ts';
import { linesOf, requireNumber } from './lines.ts';

const overcommitMemory = '/proc/sys/vm/overcommit_memory';
const somaxconn = '/proc/sys/net/core/somaxconn';
const hugepages = '/sys/kernel/mm/transparent_hugepage/enabled';
const paths = [overcommitMemory, somaxconn, hugepages];

/**
 * What Redis warns of when it starts, and whether it could be changed here: `PATH:VALUE` and `PATH writable`. Not by
 * the shell's `read`, which takes byte after byte: files in /proc/sys give their first byte alone that way.
 */
export const kernel: Fact<KernelFacts> = {
  script: () => `
grep -H . ${paths.join(' ')} 2>/dev/null
for path in ${paths.join(' ')}; do [ ! -w $path ] || printf '%s writable\\n' $path; done
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
    };
  },
};
