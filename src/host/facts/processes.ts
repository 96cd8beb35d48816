import type { ProcessState } from '../facts.ts';
import { nodeProcessFunctions } from '../scripts/node-process.ts';
import { shQuote } from '../../base/sh.ts';
import type { Fact, NodePlace } from './fact.ts';
import { fieldsOf, linesOf, requireNumber } from './lines.ts';

/**
 * The nodes' processes: `node INDEX PID FOLDER` for each, FOLDER being `own` where the process works in the
 * node's data folder. A unit's main process is the node's wherever it works; a plain daemon is told by its
 * working directory (`nodeProcessFunctions`). Limits, times and links are read for all at once, each line
 * under the name that the kernel gives it: names of processes and folders may hold line breaks.
 */
export const processes: Fact<Readonly<Record<string, ProcessState>>> = {
  script: ({ nodes }) => `
[ "$units" != failed ] && [ -r /proc/self/stat ] || exit 1
${nodeProcessFunctions}
found() {
  [ "\${2:-0}" != 0 ] && [ -d "/proc/$2" ] || return 0
  if [ "/proc/$2/cwd" -ef "$3" ]; then folder=own; else folder=; fi
  printf 'node %s %s %s\\n' "$1" "$2" "$folder"
  limits="$limits /proc/$2/limits"
  stats="$stats /proc/$2/stat"
  links="$links /proc/$2/cwd /proc/$2/exe"
}
set -- $(printf '%s\\n' "$units" | sed -n 's/^MainPID=//p')
${nodes.map(findScript).join('\n')}
if [ -n "$links" ]; then
  sed -n 's/^btime /boot=/p' /proc/stat
  printf 'tick=%s\\n' "$(getconf CLK_TCK 2>/dev/null)"
  grep -H '^Max open files' $limits
  grep -aH . $stats
  find $links -maxdepth 0 -printf '%p -> %l\\0' | tr '\\n\\0' '?\\n'
fi 2>/dev/null
:
`,
  parse: (output, { nodes }) => {
    const { boot, tick } = fieldsOf(output);
    const clock = { boot: Number(boot), tick: Number(tick) || 100 };
    return Object.fromEntries(
      linesOf(output).flatMap((line) => {
        const [, index, pid = '', own = ''] = /^node (\d+) (\d+) (\w*)$/.exec(line) ?? [];
        const place = nodes[Number(index)];
        // One that ended while its files were read has no stat any more.
        if (!place || statOf(output, pid) === undefined) return [];
        return [[place.node, stateOf(output, { pid, isOwn: own !== '' }, clock)]];
      }),
    );
  },
};

function findScript(place: NodePlace, index: number): string {
  const directory = shQuote(place.dataDirectory);
  if ('unit' in place) return `found ${index} "$1" ${directory}; [ $# = 0 ] || shift`;
  return `if running ${shQuote(place.pidFile)} ${directory}; then found ${index} "$pid" ${directory}; fi`;
}

/** What `/proc/PID/cwd` or `exe` points to; line breaks in it have become question marks. */
const linkOf = (output: string, pid: string, link: 'cwd' | 'exe'): string | undefined =>
  new RegExp(`^/proc/${pid}/${link} -> (.*)$`, 'm').exec(output)?.[1];

const statOf = (output: string, pid: string): string | undefined =>
  linesOf(output).findLast((line) => line.startsWith(`/proc/${pid}/stat:`));

function stateOf(
  output: string,
  { pid, isOwn }: { readonly pid: string; readonly isOwn: boolean },
  { boot, tick }: { readonly boot: number; readonly tick: number },
): ProcessState {
  const limit = new RegExp(`^/proc/${pid}/limits:Max open files +(\\d+)`, 'm').exec(output)?.[1];
  // The name in parentheses may hold anything; the start time, in ticks since boot, is the 20th field after
  // it.
  const stat = statOf(output, pid);
  const ticks = stat?.slice(stat.lastIndexOf(') ') + 2).split(' ')[19];
  return {
    pid: Number(pid),
    folder: isOwn ? 'own' : linkOf(output, pid, 'cwd')?.endsWith(' (deleted)') === true ? 'gone' : 'other',
    executable: linkOf(output, pid, 'exe') ?? '',
    openFilesLimit: requireNumber(limit, 'open files limit'),
    started: Math.floor(boot + requireNumber(ticks, 'start time') / tick) * 1000,
  };
}
