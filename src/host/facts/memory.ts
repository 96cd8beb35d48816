import type { MemoryFacts } from '../facts.ts';
import type { Fact, FactsContext } from './fact.ts';
import { fieldsOf, linesOf, numberOf, requireNumber } from './lines.ts';

/**
 * Memory of the machine, or of the control group that confines the nodes where that is less (containers):
 * units run below system.slice, plain daemons in the group of the process that starts them. cgroup v2 and v1.
 */
export const memory: Fact<MemoryFacts> = {
  script: (context) => `
sed -n 's/^\\(MemTotal\\|MemFree\\|MemAvailable\\|SwapTotal\\): *\\([0-9]*\\) kB$/\\1=\\2/p' /proc/meminfo
limit() {
  [ -r "$1" ] && read -r max <"$1" && [ "$max" != max ] || return 0
  read -r used <"$2" || used=0
  cache=$(sed -n 's/^\\(total_\\)*inactive_file //p' "\${1%/*}/memory.stat" 2>/dev/null | tail -n 1)
  printf 'limit %s %s %s\\n' "$max" "$used" "\${cache:-0}"
}
group=/sys/fs/cgroup${isDaemonHost(context) ? "$(sed -n 's/^0:://p' /proc/self/cgroup)" : '/system.slice'}
while [ "$group" != /sys/fs ] && [ -n "$group" ]; do
  limit "$group/memory.max" "$group/memory.current"
  group=\${group%/*}
done
limit /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory/memory.usage_in_bytes
:
`,
  parse: (output) => {
    const fields = fieldsOf(output);
    const kilobytes = (name: string): number => requireNumber(fields[name], name) * 1024;
    const available = kilobytes(fields.MemAvailable === undefined ? 'MemFree' : 'MemAvailable');
    const limits = linesOf(output).flatMap(parseLimit);
    return {
      total: Math.min(kilobytes('MemTotal'), ...limits.map((limit) => limit.total)),
      available: Math.min(available, ...limits.map((limit) => limit.available)),
      swapTotal: kilobytes('SwapTotal'),
    };
  },
};

const isDaemonHost = (context: FactsContext): boolean => context.nodes.some((node) => 'pidFile' in node);

/** `limit MAX USED CACHE`; page cache that can be dropped counts as available, as in MemAvailable. */
function parseLimit(line: string): readonly { readonly total: number; readonly available: number }[] {
  const [word, max, used, cache] = line.split(' ');
  const total = numberOf(max);
  if (word !== 'limit' || total === undefined) return [];
  const available = total - (numberOf(used) ?? 0) + (numberOf(cache) ?? 0);
  return [{ total, available: Math.min(total, Math.max(0, available)) }];
}
