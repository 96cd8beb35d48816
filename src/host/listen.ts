import type { Shell } from '../ssh/shell.ts';
import { shQuote } from '../base/sh.ts';

/** Where to listen: an address of the host and a port that nobody has there. */
export type Place = { readonly address: string; readonly port: number };

/**
 * Has somebody listen on a host's ports while `work` runs: without that a firewall that rejects cannot be
 * told from a port that nobody has. Nothing is ever read from a connection, and after 20 s it ends by itself.
 * `work` is told whether it came about: it does not on hosts without systemd-socket-activate. Throws what
 * `work` throws.
 */
export async function whileListening<T>(
  shell: Shell,
  places: readonly Place[],
  work: (listening: boolean) => Promise<T>,
): Promise<T> {
  const { pid, ended } = await startListening(shell, places);
  try {
    return await work(pid !== undefined);
  } finally {
    if (pid !== undefined) await shell.run({ script: `kill ${pid}` }).catch(() => undefined);
    await ended;
  }
}

/** `pid` is undefined when it came to its end before anybody listened. */
function startListening(
  shell: Shell,
  places: readonly Place[],
): Promise<{ readonly pid: string | undefined; readonly ended: Promise<unknown> }> {
  return new Promise((resolve) => {
    const ended: Promise<unknown> = shell
      .run({
        script: listenScript(places),
        onLine: (line) => {
          if (line.startsWith('listening ')) resolve({ pid: line.slice('listening '.length), ended });
        },
      })
      // A connection that is lost here is lost for `work` as well, which says so.
      .catch(() => undefined)
      .finally(() => resolve({ pid: undefined, ended: Promise.resolve() }));
  });
}

const seconds = 20;

/**
 * systemd-socket-activate holds the sockets until the first connection; then `sleep` has them, and never
 * accepts.
 */
function listenScript(places: readonly Place[]): string {
  const sockets = places.map(({ address, port }) =>
    shQuote(address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`),
  );
  return `export LC_ALL=C
command -v systemd-socket-activate >/dev/null && command -v timeout >/dev/null || exit 0
timeout ${seconds} systemd-socket-activate ${sockets.map((socket) => `-l ${socket}`).join(' ')} sleep ${seconds} \\
  </dev/null >/dev/null 2>&1 &
pid=$!
i=0
for port in ${places.map(({ port }) => port.toString(16).toUpperCase().padStart(4, '0')).join(' ')}; do
  until cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | grep -q ":$port [0-9A-F]*:0000 0A "; do
    i=$((i + 1))
    [ $i -lt 40 ] && kill -0 $pid 2>/dev/null || { kill $pid 2>/dev/null; exit 0; }
    sleep 0.05
  done
done
echo "listening $pid"
wait
`;
}
