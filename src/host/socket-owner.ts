import { setImmediate } from 'node:timers/promises';
import { canonicalAddress } from '../inventory/address.ts';
import type { Node } from '../inventory/inventory.ts';
import { messageOf } from '../base/message-of.ts';
import type { Shell } from '../ssh/shell.ts';
import { linesOf } from './facts/lines.ts';
import { parseSockets, type Socket, socketsScript } from './facts/sockets.ts';
import { holdersFunction, parseHolders } from './scripts/socket-holders.ts';
import { shQuote } from '../base/sh.ts';

/** Whose process holds the server's end of a connection. Nothing secret may be sent unless it is `own`. */
export type Ownership =
  | { readonly kind: 'own' }
  /**
   * A process of another user has it; the reason names the port, the user and, where it can be seen, the
   * process.
   */
  | { readonly kind: 'foreign'; readonly reason: string }
  /** The host could not say. */
  | { readonly kind: 'unknown'; readonly reason: string };

/**
 * Asks a host whose process a connection to one of its nodes came to. The connection must be open when it is
 * asked: the kernel knows the user of the process that accepted it (/proc/net/tcp), so a listener that was
 * replaced between the connection and the question is still found out. `serviceUser` undefined: the user that
 * runs the tool. Questions that come together are one run on the host. Needs no root, and throws nothing.
 */
export function ownershipOf(
  shell: Shell,
  serviceUser: string | undefined,
): (node: Node) => Promise<Ownership> {
  const look = inBatches((ports) => readSockets(shell, ports, serviceUser));
  return async (node) => {
    try {
      for (let attempt = 1; ; attempt += 1) {
        const judged = judgeSockets(await look(node.port), node, serviceUser);
        // Read while sockets come and go, the table may lack one of them.
        if (judged.kind !== 'unknown' || attempt === attempts) return await withCulprit(shell, judged);
      }
    } catch (error) {
      const reason = messageOf(error);
      return { kind: 'unknown', reason: `${shell.host} could not be asked whose port it is: ${reason}` };
    }
  };
}

const attempts = 3;
const timeoutMs = 10_000;

/** What one look at a host saw. */
export type Sockets = {
  /** The user id whose sockets may be trusted; undefined: the host has no such user. */
  readonly uid: number | undefined;
  readonly sockets: readonly Socket[];
};

/** One look at a time: a question waits for one that begins after it was asked, and shares it with others. */
function inBatches(read: (ports: readonly number[]) => Promise<Sockets>): (port: number) => Promise<Sockets> {
  let next: { readonly ports: Set<number>; readonly seen: Promise<Sockets> } | undefined;
  let last: Promise<unknown> = Promise.resolve();
  return (port) => {
    if (!next) {
      const ports = new Set<number>();
      const seen = last.then(async () => {
        await setImmediate();
        next = undefined;
        return read([...ports]);
      });
      next = { ports, seen };
      last = seen.catch(() => undefined);
    }
    next.ports.add(port);
    return next.seen;
  };
}

async function readSockets(
  shell: Shell,
  ports: readonly number[],
  serviceUser: string | undefined,
): Promise<Sockets> {
  const script = `export LC_ALL=C
printf 'uid=%s\\n' "$(id -u ${serviceUser === undefined ? '' : `${shQuote(serviceUser)} 2>/dev/null`})"
${socketsScript(ports)}
`;
  const { code, stdout } = await shell.run({ script, timeoutMs });
  if (code !== 0) throw new Error('its /proc/net/tcp cannot be read');
  const uid = /^uid=(\d+)$/m.exec(stdout)?.[1];
  return { uid: uid === undefined ? undefined : Number(uid), sockets: parseSockets(stdout) };
}

type Judged =
  | Exclude<Ownership, { readonly kind: 'foreign' }>
  | (Extract<Ownership, { readonly kind: 'foreign' }> & { readonly culprit: Socket });

/**
 * Pure. Every listener that the address leads to and every connection that was accepted there must be the
 * user's. A connection that is not accepted yet (inode 0) belongs to one of those listeners, or is reset with
 * it.
 */
export function judgeSockets(
  { uid, sockets }: Sockets,
  { address, port }: Pick<Node, 'address' | 'port'>,
  serviceUser?: string,
): Judged {
  const user = serviceUser === undefined ? 'this user' : `user ${serviceUser}`;
  const place = `port ${port} on ${address}`;
  const own = canonicalAddress(address);
  const here = sockets.filter((socket) => socket.port === port);
  const connections = here.filter(({ state, address: local }) => state === 'connected' && local === own);
  const culprit = [...listenersAt(here, own), ...connections.filter(({ inode }) => inode !== '0')].find(
    (socket) => socket.uid !== uid,
  );
  if (culprit) {
    const reason = `${place} belongs to a process of uid ${culprit.uid}, not to the server of ${user}`;
    return { kind: 'foreign', reason, culprit };
  }
  if (listenersAt(here, own).length === 0)
    return { kind: 'unknown', reason: `nothing is seen to listen on ${place}` };
  if (connections.length === 0)
    return { kind: 'unknown', reason: `no connection to ${place} is seen there: it leads to another host` };
  return { kind: 'own' };
}

/** A socket bound to the very address gets its connections; else those that are bound to all addresses do. */
function listenersAt(sockets: readonly Socket[], address: string): readonly Socket[] {
  const listening = sockets.filter(({ state }) => state === 'listen');
  const exact = listening.filter((socket) => socket.address === address);
  const any = address.includes(':') ? ['::'] : ['0.0.0.0', '::'];
  return exact.length > 0 ? exact : listening.filter((socket) => any.includes(socket.address));
}

/** Names the user and, as far as the host's root can see it, the process. */
async function withCulprit(shell: Shell, judged: Judged): Promise<Ownership> {
  if (judged.kind !== 'foreign') return judged;
  const { kind, reason, culprit } = judged;
  const script = `export LC_ALL=C
getent passwd ${culprit.uid} | sed 's/^\\([^:]*\\):.*/user=\\1/'
${holdersFunction}
holders ${culprit.inode} /proc/[0-9]*/fd
`;
  const run = (asRoot: boolean): Promise<string> =>
    shell.run({ script, asRoot, timeoutMs }).then(({ stdout }) => stdout);
  const said = await run(true).catch(() => run(false).catch(() => ''));
  const user = /^user=(.+)$/m.exec(said)?.[1];
  const holder = parseHolders(linesOf(said)).get(culprit.inode);
  const process = holder && `${holder.process ?? 'a process'} (pid ${holder.pid})`;
  return {
    kind,
    // Functions: a process may call itself `$&`.
    reason: reason
      .replace(`uid ${culprit.uid}`, (uid) => (user === undefined ? uid : `user ${user}`))
      .replace('a process', (unnamed) => process ?? unnamed),
  };
}
