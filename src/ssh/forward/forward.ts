import type { Duplex } from 'node:stream';
import { formatBytes } from '../../base/bytes.ts';
import { OperationError } from '../../base/errors.ts';
import { shQuote } from '../../base/sh.ts';
import { bootCommand, newMarker, stage } from '../script/frame.ts';
import { joinStreams } from './join-streams.ts';
import { ForwardFailure, lossOf } from '../link.ts';
import type { Channel, Link } from '../link.ts';
import type { Streams } from './streams.ts';

/**
 * Opens a stream to `address:port` as seen from the host; the contract is `Shell.forward`'s. Where the server
 * does not forward (AllowTcpForwarding no, PermitOpen), bash on the host opens the connection and passes its
 * bytes on.
 */
export async function forward(link: Link, streams: Streams | undefined, to: Place): Promise<Duplex> {
  const { host } = link;
  try {
    return await link.forward(to.address, to.port);
  } catch (error) {
    if (!(error instanceof ForwardFailure)) throw (await lossOf(link)) ?? error;
    if (error.why === 'refused' || streams === undefined) {
      throw new OperationError(`${to.address}:${to.port} cannot be reached from ${host}: ${error.message}`, {
        host,
        cause: error,
      });
    }
    return await throughBash(host, streams, to);
  }
}

export type Place = { readonly address: string; readonly port: number };

/** Both directions end with whichever ends first; `kill 0` reaches all that the login started. */
function bashScript({ address, port }: Place, marker: string): string {
  return (
    `exec 3<>/dev/tcp/${address}/${port} || exit 1; printf "%s\\n" ${marker}; ` +
    `{ cat <&3; kill 0; } & cat >&3; kill 0`
  );
}

async function throughBash(host: string, streams: Streams, to: Place): Promise<Duplex> {
  if (!/^[\w.:-]+$/.test(to.address)) throw new TypeError('not an address');
  const marker = newMarker();
  const channel = await streams.open(bootCommand);
  channel.stdin.write(stage(`exec bash -c ${shQuote(bashScript(to, marker))}`));
  const failure = await untilOpen(channel, `${marker}\n`);
  if (failure === undefined) return joinStreams(channel.stdout, channel.stdin, () => channel.destroy());
  channel.destroy();
  const missing = /bash: not found|No such file or directory/.test(failure);
  const text = missing
    ? `${host} forwards no connections, and has no bash to do it instead`
    : `${to.address}:${to.port} cannot be reached from ${host}: ${failure}`;
  throw new OperationError(text, {
    host,
    hints: missing ? ['in its sshd_config: AllowTcpForwarding yes, or PermitOpen for the Redis ports'] : [],
  });
}

/** What a login prints before its shell reads is a few lines. */
const mostBefore = 256 * 1024;
/** bash waits for the kernel, which gives up on an address that does not answer after two minutes. */
const openMs = 30_000;

/** Reads up to the marker; undefined when it came, else what was said instead. */
async function untilOpen(channel: Channel, marker: string): Promise<string | undefined> {
  let [out, err]: [Buffer, string] = [Buffer.alloc(0), ''];
  channel.stderr.on('data', (chunk: Buffer) => (err = (err + chunk.toString()).slice(0, 2_000)));
  return await new Promise((resolve) => {
    const timer = setTimeout(() => done(`no connection within ${openMs / 1000} s`), openMs);
    const done = (result: string | undefined): void => {
      clearTimeout(timer);
      channel.stdout.off('data', take);
      channel.stdout.off('end', fail);
      resolve(result);
    };
    const fail = (): void => done(oneLine(err) || 'the connection was closed');
    const take = (chunk: Buffer): void => {
      out = Buffer.concat([out, chunk]);
      const at = out.indexOf(marker);
      if (at === -1) {
        if (out.length > mostBefore) done(`the login printed more than ${formatBytes(mostBefore)} first`);
        return;
      }
      channel.stdout.pause();
      const rest = out.subarray(at + marker.length);
      if (rest.length > 0) channel.stdout.unshift(rest);
      done(undefined);
    };
    channel.stdout.on('data', take);
    channel.stdout.once('end', fail);
  });
}

/** What bash says, without the place in its script. */
function oneLine(text: string): string {
  return (text.trim().split('\n').at(-1) ?? '')
    .replace(/^(bash|\/bin\/sh): (line )?\d*:? ?/, '')
    .replace(/^\/dev\/tcp\/\S+: /, '');
}
