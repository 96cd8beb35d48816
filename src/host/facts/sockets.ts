import { linesOf } from './lines.ts';
import { parseAddress } from './proc-address.ts';

/** A TCP socket of a host, by its local end. */
export type Socket = {
  /** IP address; `0.0.0.0` or `::` for all. */
  readonly address: string;
  readonly port: number;
  /** closed: it only waits for the last packets. */
  readonly state: 'listen' | 'connected' | 'closed';
  /** Of the process that made or accepted it. */
  readonly uid: number;
  /** '0' while no process has it: not accepted yet, or closed. */
  readonly inode: string;
};

/**
 * sh that prints the sockets whose local port is one of `ports`: `socket LOCAL STATE UID INODE`, one line for
 * all connections that are alike (their inodes become 1). Reads /proc/net/tcp (proc(5)), for which neither
 * root nor ss is needed. Fails where it cannot be read.
 */
export const socketsScript = (ports: readonly number[]): string => `
tables=/proc/net/tcp
[ ! -e /proc/net/tcp6 ] || tables="$tables /proc/net/tcp6"
sockets=$(grep -hE '^ *[0-9]+: [0-9A-F]+:(${ports.map(hexPort).join('|')}) ' $tables)
[ $? -lt 2 ] || exit 1
printf '%s\\n' "$sockets" | sed -n -E 's/^ *[0-9]+: ([0-9A-F:]+) [0-9A-F:]+ ([0-9A-F]+) [^ ]+ [^ ]+ [^ ]+ +([0-9]+) +[0-9]+ +([0-9]+)( .*)?$/socket \\1 \\2 \\3 \\4/p' |
  sed -E '/ 0A [0-9]+ [0-9]+$/!s/ [1-9][0-9]*$/ 1/' | sort -u
`;

export const hexPort = (port: number): string => port.toString(16).toUpperCase().padStart(4, '0');

export const parseSockets = (output: string): readonly Socket[] =>
  linesOf(output).flatMap((line): readonly Socket[] => {
    const [, address, port, state, uid, inode] =
      /^socket ([0-9A-F]+):([0-9A-F]{4}) ([0-9A-F]{2}) (\d+) (\d+)$/.exec(line) ?? [];
    if (address === undefined || port === undefined || inode === undefined) return [];
    return [
      {
        address: parseAddress(address),
        port: Number.parseInt(port, 16),
        state: state === listenState ? 'listen' : state === timeWaitState ? 'closed' : 'connected',
        uid: Number(uid),
        inode,
      },
    ];
  });

/** include/net/tcp_states.h */
const listenState = '0A';
const timeWaitState = '06';
