import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { messageOf } from '../../base/message-of.ts';
import { clientArguments } from './client-arguments.ts';
import { configFromClient } from './client-config.ts';
import type { Resolved } from './resolved.ts';
import { configWithoutClient } from './config.ts';
import type { HostConfig, Server } from './config.ts';
import { ConnectError } from '../connect-error.ts';
import type { ConnectionPool } from '../pool.ts';

const run = promisify(execFile);

/**
 * Asks the installed OpenSSH client (`ssh -G`) how it would connect to `address`, with the inventory's keys
 * as if given on its command line. Without a client: the inventory's keys and defaults, and `noClient` is
 * told. Throws ConnectError ('config') where ssh refuses the configuration.
 */
export async function resolveConfig(
  server: Server,
  pool: ConnectionPool,
  noClient: () => void,
): Promise<HostConfig> {
  const { host, address, settings } = server;
  if (address.startsWith('-')) throw new ConnectError('config', `${address} is not a host name`, { host });
  const found = await query(server, clientArguments(settings));
  if (found === undefined) {
    noClient();
    return configWithoutClient(server);
  }
  pool.baseline ??= query({ ...server, address: 'baseline' }, ['-F', 'none']);
  return configFromClient(server, found, (await pool.baseline) ?? new Map());
}

async function query({ host, address }: Server, args: readonly string[]): Promise<Resolved | undefined> {
  try {
    const { stdout } = await run('ssh', ['-G', ...args, '--', address], { timeout: 30_000 });
    return parseResolved(stdout);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr) : messageOf(error);
    const said = stderr.replace(/^Pseudo-terminal will not.*\n/m, '').trim();
    throw new ConnectError('config', `ssh refuses its configuration for ${address}: ${said}`, {
      host,
      hints: [`try it: ssh ${args.join(' ')} -G ${address}`],
    });
  }
}

/** One `keyword value` a line. */
function parseResolved(text: string): Resolved {
  const found = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [, keyword, value] = /^(\S+) (.*)$/.exec(line) ?? [];
    if (keyword === undefined || value === undefined) continue;
    found.set(keyword.toLowerCase(), [...(found.get(keyword.toLowerCase()) ?? []), value]);
  }
  return found;
}
