import type { Duplex } from 'node:stream';
import type { Client, ClientChannel } from 'ssh2';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OperationError } from '../../base/errors.ts';
import { ForwardFailure, TooManyChannels } from '../link.ts';
import type { Channel, Link } from '../link.ts';

/** SSH_OPEN_ADMINISTRATIVELY_PROHIBITED: RFC 4254, 5.1. */
const prohibited = 1;
/** How long our goodbye may take to leave this machine. */
const farewellMs = 1_000;

/** An authenticated ssh2 client on `sock` as a Link. `lost` tells why the connection ended. */
export function ssh2Link(
  host: string,
  {
    client,
    sock,
    lost,
  }: { readonly client: Client; readonly sock: Duplex; readonly lost: Promise<OperationError> },
): Link {
  return {
    host,
    transport: 'ssh2',
    exec: async (command) => await exec(client, command),
    forward: async (address, port) => await forward(client, address, port),
    lost,
    async close() {
      // Not until the server closes: that may take a second, for PAM's sake, and nothing waits for it.
      const sent = new Promise<void>((resolve) => sock.once('finish', resolve));
      client.end();
      await Promise.race([sent, lost, sleep(farewellMs, undefined, { ref: false })]);
      client.destroy();
      await lost;
    },
  };
}

async function exec(client: Client, command: string): Promise<Channel> {
  const channel = await new Promise<ClientChannel>((resolve, reject) => {
    try {
      client.exec(command, (error, opened) => {
        if (error === undefined) resolve(opened);
        else reject('reason' in error ? new TooManyChannels(error.message) : error);
      });
    } catch (error) {
      reject(error);
    }
  });
  return {
    stdin: channel,
    stdout: channel,
    stderr: channel.stderr,
    closed: new Promise((resolve) => channel.once('close', resolve)),
    destroy() {
      channel.destroy();
      // It only closes once its output was read.
      channel.resume();
      channel.stderr.resume();
    },
  };
}

async function forward(client: Client, address: string, port: number): Promise<Duplex> {
  return await new Promise((resolve, reject) => {
    try {
      client.forwardOut('127.0.0.1', 0, address, port, (error, channel) => {
        if (error === undefined) {
          // As a socket does. sshd only tells that the other side has ended; the close is ours to ask for.
          channel.once('end', () => channel.end());
          return resolve(channel);
        }
        const why = 'reason' in error && error.reason === prohibited ? 'forbidden' : 'refused';
        const text = error.message.replace('(SSH) Channel open failure: ', '');
        reject(new ForwardFailure(why, text === '' ? 'the connection was refused' : text));
      });
    } catch (error) {
      reject(error);
    }
  });
}
