import type { Duplex } from 'node:stream';
import { OperationError } from '../errors.ts';
import { channelOpener } from './channels.ts';
import { ForwardFailure } from './link.ts';
import type { Link } from './link.ts';
import { runScript } from './run.ts';
import type { Shell } from './shell.ts';
import type { Runner } from './stopper.ts';

/** How `asRoot` runs become root on a host. */
export type Privilege =
  /** The user is root already, or (locally) need not be. */
  | { readonly kind: 'root' }
  /** What goes over stdin before the script: the stage that starts sudo or doas, and its password. */
  | { readonly kind: 'become'; readonly prefix: Buffer }
  | { readonly kind: 'refused'; readonly error: OperationError };

/** A Shell over any transport. */
export function linkShell(link: Link, privilege: Privilege, openChannel = channelOpener(link)): Shell {
  const runner: Runner = { link, openChannel };
  return {
    host: link.host,
    transport: link.transport,
    ...(link.reason === undefined ? {} : { reason: link.reason }),
    async run(request) {
      return await runScript(
        runner,
        request,
        request.asRoot === true ? rootPrefix(privilege) : Buffer.alloc(0),
      );
    },
    forward: async (address, port) => await forward(link, address, port),
    close: async () => await link.close(),
  };
}

function rootPrefix(privilege: Privilege): Buffer {
  if (privilege.kind === 'refused') throw privilege.error;
  return privilege.kind === 'become' ? privilege.prefix : Buffer.alloc(0);
}

async function forward(link: Link, address: string, port: number): Promise<Duplex> {
  const { host } = link;
  try {
    return await link.forward(address, port);
  } catch (error) {
    if (!(error instanceof ForwardFailure)) throw error;
    throw new OperationError(`${host} cannot reach ${address}:${port}: ${error.message}`, {
      host,
      cause: error,
    });
  }
}
