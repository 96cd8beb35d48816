import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { HostConfig } from '../settings/config.ts';
import { ConnectError } from '../connect-error.ts';
import { describe } from '../settings/describe.ts';
import { interruption } from '../script/interruption.ts';

/**
 * A TCP connection to a server, Nagle's algorithm off (ssh2 would leave it on, at 40 ms a command).
 * Throws ConnectError: 'resolve' where the name is unknown, 'tcp' where nobody answers.
 */
export async function openTcp(config: HostConfig, signal: AbortSignal | undefined): Promise<Socket> {
  const { hostname, port, family, bindAddress, connectTimeoutMs } = config;
  return await new Promise((resolve, reject) => {
    const socket = connect({
      host: hostname,
      port,
      family,
      noDelay: true,
      ...(bindAddress === undefined ? {} : { localAddress: bindAddress }),
    });
    const fail = (error: Error): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    };
    const timer = setTimeout(
      () => fail(failure(config, `no answer within ${connectTimeoutMs / 1000} s`)),
      connectTimeoutMs,
    );
    socket.once('error', (error: NodeJS.ErrnoException) => fail(explain(config, error)));
    const onAbort = (): void => fail(interruption(config.host, signal));
    signal?.addEventListener('abort', onAbort, { once: true });
    socket.once('connect', () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      socket.removeAllListeners('error');
      resolve(socket);
    });
  });
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  ETIMEDOUT: 'no answer',
};

function explain(config: HostConfig, error: NodeJS.ErrnoException): ConnectError {
  const { hostname, host } = config;
  if (error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN') {
    return new ConnectError(
      'resolve',
      `${config.jump ? `jump host of ${host}` : host}: no address for ${hostname}`,
      {
        host,
        hints: [
          `check "address" in the inventory, or HostName in the ssh configuration: ssh -G ${config.address}`,
        ],
        cause: error,
      },
    );
  }
  return failure(config, reasons[error.code ?? ''] ?? error.message, error);
}

function failure(config: HostConfig, why: string, cause?: Error): ConnectError {
  return new ConnectError('tcp', `${describe(config)} cannot be reached: ${why}`, {
    host: config.host,
    hints: ['is the host up, does sshd listen on that port, does a firewall let this machine in?'],
    cause,
  });
}
