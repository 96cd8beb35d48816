import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import type { Context } from './ask.ts';
import type { HostConfig } from './config.ts';
import { ConnectError } from './connect-error.ts';
import { decideHostKey, describe } from './host-key-decision.ts';
import { readHostKeys } from './host-key.ts';
import { ForwardFailure } from './link.ts';
import type { Link } from './link.ts';
import { connectSsh2 } from './ssh2-connect.ts';
import { Dropped, HostKeyShown, MissingAlgorithm } from './ssh2-failures.ts';
import { openTcp } from './tcp.ts';

/** MaxStartups is 10:30:100 by default: from the eleventh unauthenticated connection on, some are dropped. */
const mostStartups = 8;
const mostDrops = 6;

/**
 * Connects to one server, directly or through the connection to the jump host before it. A connection that is dropped
 * before a word (MaxStartups) is tried again a few times, with jitter, for about 10 s. A host key that was accepted
 * needs a second connection: no question is asked in the middle of a handshake.
 */
export async function openSsh2(context: Context, config: HostConfig, via: Link | undefined): Promise<Link> {
  let [drops, verbose] = [0, false];
  for (;;) {
    try {
      return await startup(context, config, async () => await connectOnce(context, config, { via, verbose }));
    } catch (error) {
      if (error instanceof HostKeyShown) {
        await decideHostKey(context, config, error.shown);
      } else if (error instanceof Dropped && drops < mostDrops) {
        drops += 1;
        await sleep(100 * 2 ** drops * (0.5 + Math.random()), undefined, {
          ...(context.signal && { signal: context.signal }),
        });
      } else if (error instanceof MissingAlgorithm && !verbose) {
        verbose = true;
      } else {
        throw error;
      }
    }
  }
}

/** Lets no more than a few connections at once be half-open on one server. */
async function startup<T>(context: Context, config: HostConfig, open: () => Promise<T>): Promise<T> {
  const { startups } = context.pool;
  const server = `${config.hostname}:${config.port}`;
  const limit = startups.get(server) ?? pLimit(mostStartups);
  startups.set(server, limit);
  return await limit(open);
}

type Way = { readonly via: Link | undefined; readonly verbose: boolean };

async function connectOnce(context: Context, config: HostConfig, { via, verbose }: Way): Promise<Link> {
  const hostKeys = await readHostKeys(config, context.pool.accepted);
  const sock = via === undefined ? await openTcp(config, context.signal) : await through(config, via);
  try {
    return await connectSsh2(context, config, { sock, hostKeys, verbose });
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
