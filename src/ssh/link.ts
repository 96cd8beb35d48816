import type { Duplex, Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OperationError } from '../base/errors.ts';

/** What a transport has to offer; `linkShell` makes a Shell of it. */
export type Link = {
  readonly host: string;
  readonly transport: 'local' | 'ssh2' | 'openssh';
  /** Starts the command in the login shell. Throws TooManyChannels when the server allows no more at once. */
  exec(command: string): Promise<Channel>;
  /** A stream to `address:port` as seen from the host. Throws ForwardFailure. */
  forward(address: string, port: number): Promise<Duplex>;
  /** Resolves to the reason when the connection ends, be it by `close`. */
  readonly lost: Promise<OperationError>;
  close(): Promise<void>;
};

/** A running command. `closed` resolves when its output has ended and the server has let go of it. */
export type Channel = {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly closed: Promise<void>;
  /** Lets go of it at once, whatever is still to be sent. */
  destroy(): void;
};

/** The server refused another session: `MaxSessions` of sshd_config. */
export class TooManyChannels extends Error {}

/**
 * A forward was not opened. `refused`: nobody listens there; `forbidden`: the server does not forward;
 * `unknown`: the transport cannot tell.
 */
export class ForwardFailure extends Error {
  readonly why: 'refused' | 'forbidden' | 'unknown';

  constructor(why: 'refused' | 'forbidden' | 'unknown', message: string) {
    super(message);
    this.why = why;
  }
}

/**
 * The reason why a link was lost, if it was or is about to be: what is on it fails a moment before that is
 * known.
 */
export async function lossOf(link: Link): Promise<OperationError | undefined> {
  return await Promise.race([link.lost, sleep(500, undefined)]);
}
