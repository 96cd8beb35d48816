import type { OperationError } from '../base/errors.ts';
import { forward } from './forward/forward.ts';
import type { Channel, Link } from './link.ts';
import { runScript } from './script/run.ts';
import type { RunRequest, Shell } from './shell.ts';
import type { Streams } from './forward/streams.ts';

/** How `asRoot` runs become root on a host. */
export type Privilege =
  /** The user is root already, or (locally) need not be. */
  | { readonly kind: 'root' }
  /** What goes over stdin before the script: the stage that starts sudo or doas, and its password. */
  | { readonly kind: 'become'; readonly prefix: Buffer }
  | { readonly kind: 'refused'; readonly error: OperationError };

export type ShellParts = {
  readonly link: Link;
  readonly openChannel: (command: string) => Promise<Channel>;
  readonly privilege: Privilege;
  /** For forwards where the transport has none. */
  readonly streams?: Streams;
  readonly reason?: string;
};

/** A Shell over any transport. */
export function linkShell({ link, openChannel, privilege, streams, reason }: ShellParts): Shell {
  return {
    host: link.host,
    transport: link.transport,
    ...(reason === undefined ? {} : { reason }),
    async run(request) {
      const prefix = rootPrefix(request.asRoot, privilege);
      return await runScript({ link, openChannel }, request, prefix);
    },
    forward: async (address, port) => await forward(link, streams, { address, port }),
    async close() {
      await streams?.close();
      await link.close();
    },
  };
}

function rootPrefix(asRoot: RunRequest['asRoot'], privilege: Privilege): Buffer {
  if (asRoot === true && privilege.kind === 'refused') throw privilege.error;
  return asRoot && privilege.kind === 'become' ? privilege.prefix : Buffer.alloc(0);
}
