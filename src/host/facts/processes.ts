import type { ProcessState } from '../facts.ts';
import { shQuote } from '../sh.ts';
import type { Fact, NodePlace } from './fact.ts';
import { fieldsOf, linesOf, requireNumber } from './lines.ts';

/**
 * The nodes' processes: main processes of units, in the order of `$units`, or what pid files say. A pid file may be
 * older than the process that has its pid now: a process counts only when its working directory is the node's data
 * directory (a server changes into `dir` when it starts). Limits, times and links are read for all at once.
 */
export const processes: Fact<Readonly<Record<string, ProcessState>>> = {
  script: ({ nodes }) => `
[ "$units" != failed ] && [ -r /proc/self/stat ] || exit 1
found() {
  if [ "\${2:-0}" != 0 ] && [ -d "/proc/$2" ]; then
    printf 'node %s %s\\n' "$1" "$2"
    limits="$limits /proc/$2/limits"
    stats="$stats /proc/$2/stat"
    links="$links /proc/$2/cwd /proc/$2/exe"
  fi
}
set -- $(printf '%s\\n' "$units" | sed -n 's/^MainPID=//p')
${nodes.map(findScript).join('\n')}
if [ -n "$links" ]; then
  sed -n 's/^btime /boot=/p' /proc/stat
  printf 'tick=%s\\n' "$(getconf CLK_TCK 2>/dev/null)"
  grep -H '^Max open files' $limits
  cat $stats
  ls -l $links
fi 2>/dev/null
:
`,
  parse: (output, { nodes }) => {
    const { boot, tick } = fieldsOf(output);
    const clock = { boot: Number(boot), tick: Number(tick) || 100 };
    return Object.fromEntries(
      linesOf(output).flatMap((line) => {
        const [, index, pid = ''] = /^node (\d+) (\d+)$/.exec(line) ?? [];
        const place = nodes[Number(index)];
        if (!place || linkOf(output, pid, 'cwd') !== place.dataDirectory) return [];
        return [[place.node, stateOf(output, pid, clock)]];
      }),
    );
  },
};

function findScript(place: NodePlace, index: number): string {
  if ('unit' in place) return `found ${index} "$1"; [ $# = 0 ] || shift`;
  return `pid=; { read -r pid <${shQuote(place.pidFile)}; } 2>/dev/null; found ${index} "$pid"`;
}

/** What `/proc/PID/cwd` or `exe` points to, as `ls -l` shows it. */
const linkOf = (output: string, pid: string, link: 'cwd' | 'exe'): string | undefined =>
  new RegExp(`^l.* /proc/${pid}/${link} -> (.*)$`, 'm').exec(output)?.[1];

function stateOf(output: string, pid: string, { boot, tick }: { boot: number; tick: number }): ProcessState {
  const limit = new RegExp(`^/proc/${pid}/limits:Max open files +(\\d+)`, 'm').exec(output)?.[1];
  // The name in parentheses may hold anything; the start time, in ticks since boot, is the 20th field after it.
  const ticks = new RegExp(`^${pid} \\(.*\\) (.*)$`, 'm').exec(output)?.[1]?.split(' ')[19];
  return {
    pid: Number(pid),
    executable: linkOf(output, pid, 'exe') ?? '',
    openFilesLimit: requireNumber(limit, 'open files limit'),
    started: Math.floor(boot + requireNumber(ticks, 'start time') / tick) * 1000,
  };
}
