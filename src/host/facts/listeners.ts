import type { Listener } from '../facts.ts';
import type { Fact } from './fact.ts';
import { linesOf, numberOf } from './lines.ts';

/**
 * Sockets in LISTEN on the ports asked for, from /proc/net (neither ss nor lsof need be there), and whose they
 * are: the process that has the socket's inode open. Unknown where another user's processes cannot be looked into.
 */
export const listeners: Fact<readonly Listener[]> = {
  script: ({ ports }) => `
sockets=$(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | grep -E ':(${ports.map(hexPort).join('|')}) [0-9A-F]+:0000 0A ')
if [ -n "$sockets" ]; then
  printf '%s\\n' "$sockets" | sed 's/^/socket /'
  inodes=$(printf '%s\\n' "$sockets" | sed 's/^ *//; s/  */ /g' | cut -d' ' -f10 | tr '\\n' '|')
  ls -l /proc/[0-9]*/fd 2>/dev/null | grep -E "^/proc|socket:\\[(\${inodes%|})\\]" | sed -n '
    s/^\\/proc\\/\\([0-9]*\\)\\/fd:$/\\1/; t head
    s/.*socket:\\[\\([0-9]*\\)\\].*/\\1/; G; s/^\\(.*\\)\\n\\(.*\\)$/owner \\1 \\2/p; b
    : head
    h' | while read -r word inode pid; do
      printf '%s %s %s %s\\n' "$word" "$inode" "$pid" "$(cat "/proc/$pid/comm" 2>/dev/null)"
    done
fi
`,
  parse: (output) => {
    const lines = linesOf(output);
    const owners = new Map(lines.flatMap(parseOwner));
    return lines.flatMap((line) => parseSocket(line, owners));
  },
};

type Owner = { readonly pid: number; readonly process: string };

const hexPort = (port: number): string => port.toString(16).toUpperCase().padStart(4, '0');

/** `owner INODE PID NAME` */
function parseOwner(line: string): readonly (readonly [string, Owner])[] {
  const [, inode, pid, process] = /^owner (\d+) (\d+) (.*)$/.exec(line) ?? [];
  return inode && pid ? [[inode, { pid: Number(pid), process: process ?? '' }]] : [];
}

/** `socket SL: LOCAL:PORT REMOTE STATE QUEUES TIMER RETRANSMITS UID TIMEOUT INODE …` (proc(5), /proc/net/tcp). */
function parseSocket(line: string, owners: ReadonlyMap<string, Owner>): readonly Listener[] {
  const [word, , local = '', ...rest] = line.split(/\s+/);
  if (word !== 'socket') return [];
  const [address = '', port = ''] = local.split(':');
  const owner = owners.get(rest[7] ?? '');
  return [
    {
      address: parseAddress(address),
      port: Number.parseInt(port, 16),
      pid: numberOf(owner?.pid.toString()),
      process: owner?.process || undefined,
    },
  ];
}

/** The kernel prints addresses as 32-bit words of its own byte order; every supported machine is little-endian. */
function parseAddress(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) =>
    (word.match(/../g) ?? []).toReversed().map((byte) => Number.parseInt(byte, 16)),
  );
  if (bytes.length === 4) return bytes.join('.');
  const isMapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
  if (isMapped) return bytes.slice(12).join('.');
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((bytes[index * 2] ?? 0) << 8) | (bytes[index * 2 + 1] ?? 0)).toString(16),
  );
  const url = new URL(`http://[${groups.join(':')}]/`);
  return url.hostname.slice(1, -1);
}
