import type { Duplex } from 'node:stream';
import type { Context } from '../ask.ts';
import type { HostConfig } from '../settings/config.ts';
import { ConnectError } from '../connect-error.ts';
import { describe } from '../settings/describe.ts';
import { decideHostKey } from '../host-keys/decision.ts';
import { readHostKeys } from '../host-keys/host-key.ts';
import { ForwardFailure } from '../link.ts';
import type { Link } from '../link.ts';
import { connectSsh2 } from './connect.ts';
import { HostKeyShown } from './failures.ts';
import { openTcp } from './tcp.ts';

/**
 * Connects to one server with ssh2, directly or through the connection to the jump host before it. No
 * question about a host key is asked in the middle of a handshake: a key that was accepted needs a second
 * connection.
 */
export async function openSsh2(context: Context, config: HostConfig, via: Link | undefined): Promise<Link> {
  for (;;) {
    try {
      return await connectOnce(context, config, via);
    } catch (error) {
      if (!(error instanceof HostKeyShown)) throw error;
      await decideHostKey(context, config, error.shown);
    }
  }
}

async function connectOnce(context: Context, config: HostConfig, via: Link | undefined): Promise<Link> {
  const hostKeys = await readHostKeys(config, context.pool.accepted);
  const sock = via === undefined ? await openTcp(config, context.signal) : await through(config, via);
  try {
    return await connectSsh2(context, config, { sock, hostKeys });
  } catch (error) {
    sock.destroy();
    throw error;
  }
}

async function through(config: HostConfig, via: Link): Promise<Duplex> {
  const { host, hostname, port } = config;
  try {
    return await via.forward(hostname, port);
  } catch (error) {
    if (!(error instanceof ForwardFailure)) throw error;
    const hint =
      error.why === 'forbidden'
        ? 'allow it in sshd_config of the jump host: AllowTcpForwarding yes, PermitOpen any'
        : 'is the host up, and does its firewall let the jump host in?';
    throw new ConnectError(
      'tcp',
      `${describe(config)} cannot be reached from its jump host: ${error.message}`,
      {
        host,
        hints: [hint],
        cause: error,
      },
    );
  }
}
