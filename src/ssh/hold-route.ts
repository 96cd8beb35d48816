import type { Context } from './ask.ts';
import type { Link } from './link.ts';
import { openServer } from './open-server.ts';
import type { Transport } from './open-server.ts';
import type { Route } from './route.ts';

/**
 * Connects along a route. Connections to jump hosts are shared by all that go through them: one login and one
 * place in its MaxStartups, however many hosts are behind it. They are closed with the last that used them.
 */
export async function holdRoute(
  context: Context,
  { jumps, server }: Route,
  transport: Transport,
): Promise<Link> {
  const [last, ...before] = jumps.toReversed();
  if (last === undefined) return await openServer(context, server, { transport, via: undefined });
  const held = await holdJump(context, { jumps: before.toReversed(), server: last }, transport);
  try {
    const link = await openServer(context, server, { transport, via: held.link });
    void link.lost.then(held.release);
    return link;
  } catch (error) {
    held.release();
    throw error;
  }
}

type Held = { readonly link: Link; readonly release: () => void };

async function holdJump(context: Context, route: Route, transport: Transport): Promise<Held> {
  const pooled = context.pool.jumps;
  const hops = [...route.jumps, route.server].map((hop) => `${hop.user}@${hop.hostname}:${hop.port}`);
  const key = [transport, ...hops].join(' ');
  const shared = pooled.get(key) ?? { link: holdRoute(context, route, transport), users: 0 };
  pooled.set(key, shared);
  shared.users += 1;
  const forget = (): void => {
    if (pooled.get(key) === shared) pooled.delete(key);
  };
  const release = (): void => {
    shared.users -= 1;
    if (shared.users > 0) return;
    forget();
    void shared.link.then(async (link) => await link.close());
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
