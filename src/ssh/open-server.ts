import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import type { Context } from './ask.ts';
import type { HostConfig } from './settings/config.ts';
import { interruption } from './script/interruption.ts';
import type { Link } from './link.ts';
import { openOpenSsh } from './openssh/open.ts';
import { openSsh2 } from './ssh2/open.ts';
import { Dropped } from './ssh2/failures.ts';

/** MaxStartups is 10:30:100 by default: from the eleventh unauthenticated connection on, some are dropped. */
const mostStartups = 8;
const mostDrops = 6;
const firstPauseMs = 200;

export type Transport = 'ssh2' | 'openssh';

/**
 * Connects to one server. No more than a few connections to it are half-open at once. One that is dropped
 * before a word, as sshd does beyond MaxStartups, is tried again up to six times, with jitter, over about 10
 * s.
 */
export async function openServer(context: Context, config: HostConfig, way: Way): Promise<Link> {
  const open = way.transport === 'ssh2' ? openSsh2 : openOpenSsh;
  for (let drops = 0; ; drops++) {
    try {
      return await startupLimit(context, config)(async () => await open(context, config, way.via));
    } catch (error) {
      if (!(error instanceof Dropped) || drops === mostDrops) throw error;
    }
    await pause(context, config, firstPauseMs * 2 ** drops * (0.5 + Math.random()));
  }
}

export type Way = { readonly transport: Transport; readonly via: Link | undefined };

function startupLimit(context: Context, config: HostConfig): ReturnType<typeof pLimit> {
  const { startups } = context.pool;
  const server = `${config.hostname}:${config.port}`;
  const limit = startups.get(server) ?? pLimit(mostStartups);
  startups.set(server, limit);
  return limit;
}

async function pause(context: Context, config: HostConfig, ms: number): Promise<void> {
  try {
    await sleep(ms, undefined, { ...(context.signal && { signal: context.signal }) });
  } catch {
    throw interruption(config.host, context.signal);
  }
}
