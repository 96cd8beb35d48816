import type { Context } from './ask.ts';
import type { HostConfig } from './config.ts';
import type { Link } from './link.ts';
import { openSsh2 } from './open-ssh2.ts';
import type { Route } from './route.ts';

/**
 * Connects along a route. Connections to jump hosts are shared by all that go through them: one login and one place in
 * its MaxStartups, however many hosts are behind it. They are closed with the last that used them.
 */
export async function holdRoute(context: Context, route: Route): Promise<Link> {
  const hops = route.slice(0, -1);
  const host = route.at(-1) as HostConfig;
  if (hops.length === 0) return await openSsh2(context, host, undefined);
  const jump = await holdJump(context, hops);
  try {
    const link = await openSsh2(context, host, jump.link);
    void link.lost.then(jump.release);
    return link;
  } catch (error) {
    jump.release();
    throw error;
  }
}

type Held = { readonly link: Link; readonly release: () => void };

async function holdJump(context: Context, hops: readonly HostConfig[]): Promise<Held> {
  const { jumps } = context.pool;
  const key = hops.map((hop) => `${hop.user}@${hop.hostname}:${hop.port}`).join(' ');
  const shared = jumps.get(key) ?? { link: holdRoute(context, hops as unknown as Route), users: 0 };
  jumps.set(key, shared);
  shared.users += 1;
  const forget = (): void => {
    if (jumps.get(key) === shared) jumps.delete(key);
  };
  const release = (): void => {
    shared.users -= 1;
    if (shared.users > 0) return;
    forget();
    void shared.link.then(async (link) => await link.close()).catch(() => undefined);
  };
  try {
    const link = await shared.link;
    void link.lost.then(forget);
    return { link, release };
  } catch (error) {
    forget();
    throw error;
  }
}
