import type { OperationError } from '../../base/errors.ts';
import type { Context } from '../ask.ts';
import type { HostConfig } from '../settings/config.ts';
import { ConnectError } from '../connect-error.ts';
import { describe } from '../settings/describe.ts';
import { readHostKeys } from '../host-keys/host-key.ts';
import { interruption } from '../script/interruption.ts';
import type { Link } from '../link.ts';
import { explainMaster } from './failures.ts';
import { startMaster } from './master.ts';
import type { Master } from './master.ts';
import { muxExec, muxForward } from './mux.ts';
import { lostError } from '../ssh2/failures.ts';

/** A link of the system's ssh; others can go through it by its control socket. */
export type OpenSshLink = Link & { readonly controlPath: string };

/**
 * Connects to one server with the system's ssh, directly or through the master of the jump host before it.
 * Throws ConnectError; Dropped where the server closed before a word.
 */
export async function openOpenSsh(
  context: Context,
  config: HostConfig,
  via: Link | undefined,
): Promise<OpenSshLink> {
  const master = await startMaster(context, config, via === undefined ? undefined : controlPathOf(via));
  try {
    if (!(await readyInTime(context, config, master))) {
      throw explainMaster(config, master.said(), await readHostKeys(config, context.pool.accepted));
    }
  } catch (error) {
    await master.close();
    throw error;
  }
  const { controlPath } = master;
  let open = true;
  const lost = master.ended.then(() => {
    open = false;
    return loss(config, master);
  });
  return {
    host: config.host,
    transport: 'openssh',
    controlPath,
    exec: async (command) => await muxExec(controlPath, command),
    async forward(address, port) {
      if (!open) throw new Error('the connection was closed');
      return await muxForward(controlPath, address, port);
    },
    lost,
    close: master.close,
  };
}

function loss(config: HostConfig, master: Master): OperationError {
  const silent = /Timeout, server .* not responding/.test(master.said());
  return lostError(config, silent ? `it has not answered for ${config.keepaliveMs / 1000} s` : undefined);
}

function controlPathOf(link: Link): string {
  if (!('controlPath' in link) || typeof link.controlPath !== 'string')
    throw new TypeError('not an OpenSSH link');
  return link.controlPath;
}

/** Time to connect and time to log in, as the ssh2 transport has; waiting for the operator does not count. */
async function readyInTime(context: Context, config: HostConfig, master: Master): Promise<boolean> {
  const { signal, pool } = context;
  const limitMs = 2 * config.connectTimeoutMs;
  return await new Promise<boolean>((resolve, reject) => {
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      act();
    };
    const onAbort = (): void => settle(() => reject(interruption(config.host, signal)));
    const check = (): void => {
      if (pool.questions > 0) timer = setTimeout(check, limitMs);
      else settle(() => reject(late(config, limitMs)));
    };
    let timer = setTimeout(check, limitMs);
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted === true) onAbort();
    void master.ready.then((ready) => settle(() => resolve(ready)));
  });
}

function late(config: HostConfig, limitMs: number): ConnectError {
  const text = `${describe(config)} did not finish the login within ${limitMs / 1000} s`;
  return new ConnectError('authentication', text, { host: config.host });
}
