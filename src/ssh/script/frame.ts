import { randomBytes } from 'node:crypto';
import { shQuote } from '../../base/sh.ts';

/**
 * How a script travels. The command line that sshd sees is `bootCommand`, always; everything else goes over
 * stdin, so that neither script nor data nor password is ever in an argument vector or environment:
 *
 *     weedgo-redis: <one line of sh>          read by the boot loop, which discards every line before it
 *     <script bytes> <data bytes> <marker>
 *
 * For root the first line starts sudo with the same boot loop, then comes the password's line (which sudo may
 * or may not take: the loop discards it), then the second `weedgo-redis:` line. Both outputs are framed by a
 * random marker, so that what login shells and sudo print is not taken for the script's output, and an output
 * that was cut off is not taken for a whole one.
 *
 * `read` takes stdin byte by byte (POSIX) and `dd iflag=fullblock` takes exactly what it is told; `head -c`
 * may take more and is not used. csh, fish and POSIX shells read the single-quoted text alike: it has no `'`,
 * `!` or `\`.
 */
const boot =
  'while IFS= read -r l; do case $l in weedgo-redis:*) eval "${l#weedgo-redis:}"; exit;; esac; done';

/** The one command line that is run on hosts, in whatever login shell they have. */
export const bootCommand = `exec /bin/sh -c '${boot}'`;

/** Directories that hold system tools, for logins whose PATH lacks them. */
const setPath =
  'PATH="$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"; LC_ALL=C; export PATH LC_ALL';

const blockBytes = 65_536;

export type Frame = {
  readonly marker: string;
  readonly head: Buffer;
  /** What follows the data and proves that all of it has arrived. */
  readonly trailer: Buffer;
};

/** One stage of the boot protocol: runs `line` (a single line of sh, no newline) in the boot loop. */
export function stage(line: string): string {
  return `weedgo-redis:${line}\n`;
}

/**
 * How root is reached: the command before `/bin/sh`, and whether it demands a terminal (sudo's requiretty).
 */
export type RootCommand = { readonly command: string; readonly terminal: boolean };

/** The stage that replaces the boot loop by the same under sudo or doas. */
export function rootStage(root: RootCommand): string {
  return stage(rootLine(root, boot));
}

/** One line of sh that runs `script` as root on the stdin, stdout and stderr that there are. */
export function rootLine({ command, terminal }: RootCommand, script: string): string {
  const run = `${command} /bin/sh -c ${shQuote(script)}`;
  if (!terminal) return `${setPath}; exec ${run}`;
  // A terminal to show to sudo, while the data goes past it: nothing is echoed, and stderr stays apart.
  const past = shQuote(`exec ${run} <&3 >&4 2>&5 3<&- 4>&- 5>&-`);
  const open = 'SHELL=/bin/sh; export SHELL; exec 3<&0 4>&1 5>&2';
  return `${setPath}; ${open}; exec script -qec ${past} /dev/null </dev/null >/dev/null 2>&1`;
}

export function newMarker(): string {
  return randomBytes(16).toString('hex');
}

/**
 * Frames a script and the length of its data. `deadlineMs` bounds how long the host waits for a script that
 * does not read its data; the client's own deadline is the first to act.
 */
export function frameScript(script: string, dataBytes: number, deadlineMs: number): Frame {
  const marker = newMarker();
  const body = Buffer.from(script, 'utf8');
  const head = Buffer.concat([
    Buffer.from(stage(runLine(marker, body.length, { dataBytes, deadlineMs }))),
    body,
  ]);
  return { marker, head, trailer: Buffer.from(`${marker}\n`) };
}

/**
 * The left half of the pipe feeds the data, waits for the trailer, closes the script's stdin and then waits
 * for the end of its own: when that comes before the script's end (the client gave up, the connection was
 * cut), or instead of the trailer, it kills the process group. So nothing outlives its connection, and a
 * script never takes half its data for all of it. The right half runs the script, stops the left half and
 * reports the exit code.
 */
function runLine(
  marker: string,
  scriptBytes: number,
  data: { dataBytes: number; deadlineMs: number },
): string {
  const read = scriptBytes === 0 ? 's=' : `s=$(dd bs=${scriptBytes} count=1 iflag=fullblock 2>/dev/null)`;
  const begin = `printf "%s\\n" $m; printf "%s\\n" $m >&2; exec 4>&2 2>/dev/null`;
  const watch = `IFS= read -r t <&3; [ "$t" = $m ] && { exec >/dev/null; read -r t <&3; }`;
  const kill = 'trap "" TERM; kill -TERM 0; sleep 2; kill -KILL 0';
  const left = `{ read -r w x </proc/self/stat; echo $w; exec 4>&-; ${feed(data)}${watch}; ${kill}; } 3<&0`;
  const run = `( eval "$s" ) 2>&4 4>&-; c=$?; kill $w`;
  const end = `printf "%s %d\\n" $m $c; printf "%s %d\\n" $m $c >&4`;
  return `m=${marker}; ${setPath}; cd /; ${read}; ${begin}; ${left} | { read -r w; ${run}; ${end}; }`;
}

function feed({ dataBytes, deadlineMs }: { dataBytes: number; deadlineMs: number }): string {
  const blocks = Math.floor(dataBytes / blockBytes);
  const rest = dataBytes % blockBytes;
  const seconds = Math.ceil(deadlineMs / 1000);
  const whole = `timeout ${seconds} dd bs=${blockBytes} count=${blocks} iflag=fullblock <&3; `;
  return (blocks > 0 ? whole : '') + (rest > 0 ? `dd bs=${rest} count=1 iflag=fullblock <&3; ` : '');
}
