import type { Context } from './ask.ts';
import { noticeOnce } from './ask.ts';
import { jumpSettings } from './settings/client-arguments.ts';
import type { HostConfig, Server } from './settings/config.ts';
import { ConnectError } from './connect-error.ts';
import { resolveConfig } from './settings/resolve.ts';
import type { SshSettings, SshTarget } from './target.ts';

/** The servers to go through, in order, and the one to reach. */
export type Route = { readonly jumps: readonly HostConfig[]; readonly server: HostConfig };

/**
 * Resolves a host and the jump hosts before it, each with its own settings. As in ssh, the hops of a
 * ProxyJump follow each other, and the first of them may have a ProxyJump of its own in the configuration
 * file.
 */
export async function findRoute(context: Context, target: SshTarget): Promise<Route> {
  const server = { host: target.name, jump: false, address: target.address, settings: target.ssh };
  return await routeTo(context, server, []);
}

async function routeTo(context: Context, server: Server, behind: readonly string[]): Promise<Route> {
  const config = await resolveConfig(server, context.pool, () =>
    noticeOnce(
      context,
      server.host,
      'there is no OpenSSH client here: ssh configuration files are not read, the inventory alone counts',
    ),
  );
  const name = `${config.user}@${config.hostname}:${config.port}`;
  if (behind.includes(name)) {
    // `Host *` with a ProxyJump matches the jump host too; ssh would call itself without end.
    throw new ConnectError('config', `ProxyJump goes round in a circle: ${[...behind, name].join(', ')}`, {
      host: server.host,
      hints: [`give the jump host "ProxyJump none" in the ssh configuration: Host ${server.address}`],
    });
  }
  const [first, ...rest] = (config.proxyJump?.split(',') ?? []).map((hop) => parseHop(server, hop.trim()));
  if (first === undefined) return { jumps: [], server: config };
  const before = await routeTo(context, first, [...behind, name]);
  // Only the first hop is found by its own configuration; the others are reached from the one before.
  const after = await Promise.all(rest.map(async (hop) => (await routeTo(context, direct(hop), [])).server));
  return { jumps: [...before.jumps, before.server, ...after], server: config };
}

function direct(server: Server): Server {
  return { ...server, settings: { ...server.settings, proxyJump: 'none' } };
}

/**
 * `[user@]host[:port]` or `ssh://[user@]host[:port]`, an IPv6 address in brackets; ssh has refused anything
 * else.
 */
function parseHop(server: Server, text: string): Server {
  const bare = text.replace(/^ssh:\/\//, '').replace(/\/$/, '');
  const [, user, bracketed, plain, port] = /^(?:(.+)@)?(?:\[(.+)\]|([^:]+))(?::(\d+))?$/.exec(bare) ?? [];
  const address = bracketed ?? plain;
  if (address === undefined)
    throw new ConnectError('config', `${text} is not a jump host`, { host: server.host });
  const settings: SshSettings = {
    ...jumpSettings(server.settings),
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port: Number(port) }),
  };
  return { host: server.host, jump: true, address, settings };
}
