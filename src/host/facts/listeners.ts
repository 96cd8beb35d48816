import type { Listener } from '../facts.ts';
import { holdersFunction, parseHolders } from '../scripts/socket-holders.ts';
import { shWords } from '../../base/sh.ts';
import type { Fact } from './fact.ts';
import { linesOf } from './lines.ts';
import { parseAddress } from './proc-address.ts';
import { hexPort } from './sockets.ts';

/**
 * Sockets in LISTEN on the ports asked for, from /proc/net (neither ss nor lsof need be there), and whose
 * they are: the process that has the socket's inode open. The nodes' own processes are looked into first; all
 * others only where that leaves a socket without an owner, since they may be many. Unknown stays what another
 * user's process has open, where not even root looks.
 */
export const listeners: Fact<readonly Listener[]> = {
  script: ({ ports, nodes }) => `
[ -r /proc/net/tcp ] || exit 1
sockets=$(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | grep -E ':(${ports.map(hexPort).join('|')}) [0-9A-F]+:0000 0A ')
[ -n "$sockets" ] || exit 0
printf '%s\\n' "$sockets"
inodes=$(printf '%s\\n' "$sockets" | sed 's/^ *\\([^ ]* *\\)\\{9\\}\\([0-9]*\\) .*/\\2/')
${holdersFunction}
set --
for pid in $(printf '%s\\n' "$units" | sed -n 's/^MainPID=\\([1-9]\\)/\\1/p'); do set -- "$@" "/proc/$pid/fd"; done
for file in ${shWords(nodes.flatMap((place) => ('pidFile' in place ? [place.pidFile] : [])))}; do
  { read -r pid <"$file"; } 2>/dev/null && set -- "$@" "/proc/$pid/fd"
done
found=$([ $# = 0 ] || holders "$inodes" "$@")
end='
'
for inode in $inodes; do
  case $found$end in *" $inode$end"*) ;; *) found=$(holders "$inodes" /proc/[0-9]*/fd); break ;; esac
done
printf '%s\\n' "$found"
`,
  parse: (output) => {
    const lines = linesOf(output);
    const holders = parseHolders(lines);
    return lines.flatMap((line): readonly Listener[] => {
      const socket = parseSocket(line);
      if (!socket) return [];
      const { address, port, inode } = socket;
      const holder = holders.get(inode);
      return [{ address, port, pid: holder?.pid, process: holder?.process }];
    });
  },
};

/** `SL: LOCAL:PORT REMOTE STATE QUEUES TIMER RETRANSMITS UID TIMEOUT INODE …` (proc(5), /proc/net/tcp). */
function parseSocket(
  line: string,
): { readonly address: string; readonly port: number; readonly inode: string } | undefined {
  const [, address, port, rest] = /^\s*\d+: ([0-9A-F]+):([0-9A-F]{4}) (.*)$/.exec(line) ?? [];
  if (address === undefined || port === undefined) return undefined;
  const inode = rest?.trim().split(/\s+/)[7] ?? '';
  return { address: parseAddress(address), port: Number.parseInt(port, 16), inode };
}
