import { OperationError, WeedgoError } from '../../base/errors.ts';
import { messageOf } from '../../base/message-of.ts';
import { bootCommand } from './frame.ts';
import { interruption } from './interruption.ts';
import { lossOf } from '../link.ts';
import type { Channel, Link } from '../link.ts';

export type Runner = {
  readonly link: Link;
  readonly openChannel: (command: string) => Promise<Channel>;
};

type Limits = {
  /** What is being done, for the message. */
  readonly doing: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
};

const nothing = (): void => undefined;

/** Rejects at the deadline, when the caller aborts, and when the connection is lost. */
export function stopper(link: Link, limits: Limits): { stopped: Promise<never>; dispose(): void } {
  const { host } = link;
  const { doing, timeoutMs, signal } = limits;
  let dispose = nothing;
  const stopped = new Promise<never>((_, reject) => {
    const onAbort = (): void => reject(interruption(host, signal));
    const timer = setTimeout(() => {
      reject(
        new OperationError(`${doing} on ${host} was not done after ${timeoutMs / 1000} s; killed`, { host }),
      );
    }, timeoutMs);
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted === true) onAbort();
    void link.lost.then(reject);
    dispose = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
  });
  stopped.catch(() => undefined);
  return { stopped, dispose: () => dispose() };
}

/** Opens a channel with the boot loop; one that opens after the stop is let go of. */
export async function openUnlessStopped(runner: Runner, stopped: Promise<never>): Promise<Channel> {
  const opening = runner.openChannel(bootCommand);
  try {
    return await Promise.race([opening, stopped]);
  } catch (error) {
    opening.then((channel) => channel.destroy()).catch(() => undefined);
    if (error instanceof WeedgoError) throw error;
    const { host } = runner.link;
    const message = `no session could be opened on ${host}: ${messageOf(error)}`;
    throw (await lossOf(runner.link)) ?? new OperationError(message, { host, cause: error });
  }
}
