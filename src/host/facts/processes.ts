import type { ProcessState } from '../facts.ts';
import { shQuote, shWords } from '../sh.ts';
import type { Fact, NodePlace } from './fact.ts';
import { linesOf, requireNumber } from './lines.ts';

/**
 * The nodes' processes. A pid file may be older than the process that has its pid now: the process counts only
 * when its working directory is the node's data directory (a server changes into `dir` when it starts).
 */
export const processes: Fact<Readonly<Record<string, ProcessState>>> = {
  script: ({ nodes }) => `
boot=$(sed -n 's/^btime //p' /proc/stat)
tick=$(getconf CLK_TCK 2>/dev/null || echo 100)
process() {
  [ "\${2:-0}" != 0 ] && [ "$(readlink "/proc/$2/cwd")" = "$3" ] || return 0
  read -r stat <"/proc/$2/stat" && limit=$(sed -n 's/^Max open files *\\([0-9]*\\) .*/\\1/p' "/proc/$2/limits")
  set -- "$1" "$2" $(printf '%s' "\${stat##*) }" | cut -d' ' -f20)
  printf '%s %s %s %s %s\\n' "$1" "$2" "\${limit:-0}" "$((boot + $3 / tick))" "$(readlink "/proc/$2/exe")"
}
${unitsScript(nodes)}
${nodes.map(processScript).join('\n')}
`,
  parse: (output, { nodes }) =>
    Object.fromEntries(linesOf(output).flatMap((line) => parseProcess(line, nodes))),
};

/** The main processes of all units, as words in the nodes' order, in one call. */
function unitsScript(nodes: readonly NodePlace[]): string {
  const units = nodes.flatMap((place) => ('unit' in place ? [place.unit] : []));
  return units.length === 0
    ? ''
    : `set -- $(systemctl show -p MainPID --value ${shWords(units)} 2>/dev/null)`;
}

function processScript(place: NodePlace, index: number): string {
  if ('unit' in place)
    return `process ${index} "\${1:-0}" ${shQuote(place.dataDirectory)}; [ $# = 0 ] || shift`;
  return `process ${index} "$(head -n 1 ${shQuote(place.pidFile)} 2>/dev/null)" ${shQuote(place.dataDirectory)}`;
}

/** `INDEX PID LIMIT STARTED EXECUTABLE` */
function parseProcess(
  line: string,
  nodes: readonly NodePlace[],
): readonly (readonly [string, ProcessState])[] {
  const [index, pid, limit, started, ...executable] = line.split(' ');
  const place = nodes[Number(index)];
  if (!place) return [];
  const state = {
    pid: requireNumber(pid, 'process id'),
    executable: executable.join(' '),
    openFilesLimit: requireNumber(limit, 'open files limit'),
    started: requireNumber(started, 'start time') * 1000,
  };
  return [[place.node, state]];
}
