import type { KernelFacts } from '../facts.ts';
import type { Fact } from './fact.ts';
import { fieldsOf, requireNumber } from './lines.ts';

const settings = {
  overcommitMemory: '/proc/sys/vm/overcommit_memory',
  somaxconn: '/proc/sys/net/core/somaxconn',
  transparentHugepages: '/sys/kernel/mm/transparent_hugepage/enabled',
};

/** What Redis warns of when it starts, and whether it could be changed here. */
export const kernel: Fact<KernelFacts> = {
  script: () =>
    Object.entries(settings)
      .map(
        ([name, path]) => `
if [ -r ${path} ]; then
  printf '${name}=%s\\n' "$(cat ${path})"
  [ ! -w ${path} ] || echo ${name}Writable=yes
fi`,
      )
      .join(''),
  parse: (output) => {
    const fields = fieldsOf(output);
    return {
      overcommitMemory: requireNumber(fields.overcommitMemory, 'vm.overcommit_memory'),
      somaxconn: requireNumber(fields.somaxconn, 'net.core.somaxconn'),
      transparentHugepages: /\[(\w+)\]/.exec(fields.transparentHugepages ?? '')?.[1],
      overcommitMemoryWritable: fields.overcommitMemoryWritable === 'yes',
      somaxconnWritable: fields.somaxconnWritable === 'yes',
      transparentHugepagesWritable: fields.transparentHugepagesWritable === 'yes',
    };
  },
};
