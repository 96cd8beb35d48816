import { OperationError } from '../base/errors.ts';
import type { Context } from './ask.ts';
import { channelOpener } from './forward/channels.ts';
import { chooseTransport } from './choose.ts';
import { holdRoute } from './hold-route.ts';
import { linkShell } from './link-shell.ts';
import { createPool } from './pool.ts';
import { findPrivilege } from './privilege.ts';
import { findRoute } from './route.ts';
import type { Shell } from './shell.ts';
import { MissingAlgorithm } from './ssh2/failures.ts';
import { streamOpener } from './forward/streams.ts';
import type { SshTarget } from './target.ts';
import type { ConnectOptions } from './options.ts';

export type Connected = {
  readonly shells: Map<string, Shell>;
  /** Hosts that could not be connected to, by name, and why. */
  readonly unreachable: Map<string, OperationError>;
};

/**
 * Connects to one host as the operator's `ssh` would, and finds out how to be root there.
 * Throws ConnectError with the stage that failed; InterruptedError when the signal aborts.
 */
export async function connectHost(target: SshTarget, options: ConnectOptions): Promise<Shell> {
  const context: Context = { ...options, pool: options.pool ?? createPool() };
  context.signal?.throwIfAborted();
  const route = await findRoute(context, target);
  const choice = await chooseTransport(context, route);
  try {
    return await openShell(context, target, { route, ...choice });
  } catch (error) {
    const mayChoose = (target.ssh.transport ?? 'auto') === 'auto' && route.server.client;
    if (!(error instanceof MissingAlgorithm) || choice.transport !== 'ssh2' || !mayChoose) throw error;
    return await openShell(context, target, { route, transport: 'openssh', reason: error.message });
  }
}

/**
 * Connects to all hosts at the same time. One that fails does not hold up the others; an interruption ends
 * all.
 */
export async function connectHosts(
  targets: readonly SshTarget[],
  options: ConnectOptions,
): Promise<Connected> {
  const shared = { ...options, pool: options.pool ?? createPool() };
  const shells = new Map<string, Shell>();
  const unreachable = new Map<string, OperationError>();
  const settled = await Promise.allSettled(
    targets.map(async (target) => {
      try {
        shells.set(target.name, await connectHost(target, shared));
      } catch (error) {
        if (!(error instanceof OperationError)) throw error;
        unreachable.set(target.name, error);
      }
    }),
  );
  const failed = settled.find((each) => each.status === 'rejected');
  if (failed === undefined) return { shells, unreachable };
  await Promise.all([...shells.values()].map(async (shell) => await shell.close()));
  throw failed.reason;
}

type Way = { readonly route: Awaited<ReturnType<typeof findRoute>> } & Awaited<
  ReturnType<typeof chooseTransport>
>;

async function openShell(
  context: Context,
  target: SshTarget,
  { route, transport, reason }: Way,
): Promise<Shell> {
  const link = await holdRoute(context, route, transport);
  try {
    const openChannel = channelOpener(link);
    const privilege = await findPrivilege(context, { link, openChannel }, target.become);
    if (privilege.kind === 'refused' && target.become !== false && context.privilege !== 'try')
      throw privilege.error;
    const streams = streamOpener(async () => await holdRoute(context, route, transport));
    return linkShell({ link, openChannel, privilege, streams, reason });
  } catch (error) {
    await link.close();
    throw error;
  }
}
