import { setTimeout as sleep } from 'node:timers/promises';
import { OperationError } from '../../base/errors.ts';
import { TooManyChannels } from '../link.ts';
import type { Channel, Link } from '../link.ts';

/** MaxSessions is 10 by default and counts a channel for a while after it closed. */
const mostChannels = 8;
const attempts = 20;

/**
 * Opens command channels on a link, no more at once than the server allows. The limit starts at `most` and
 * falls to what was open when the server first refused one (`MaxSessions`). A refusal while nothing of ours
 * is open is a slot that the server has yet to free: tried again for about 10 s.
 */
export function channelOpener(link: Link, most = mostChannels): (command: string) => Promise<Channel> {
  let limit = most;
  let open = 0;
  const waiting: (() => void)[] = [];

  const isFull = (): boolean => open >= limit;
  const acquire = async (): Promise<void> => {
    while (isFull()) await new Promise<void>((resolve) => waiting.push(resolve));
    open += 1;
  };
  const release = (): void => {
    open -= 1;
    waiting.shift()?.();
  };

  return async (command) => {
    for (let attempt = 1; attempt <= attempts;) {
      await acquire();
      try {
        const channel = await link.exec(command);
        void channel.closed.then(release);
        return channel;
      } catch (error) {
        release();
        if (!(error instanceof TooManyChannels)) throw error;
        if (open > 0) {
          limit = open;
        } else {
          await sleep(Math.min(50 * attempt, 1_000));
          attempt += 1;
        }
      }
    }
    throw new OperationError(`${link.host} allows no session on an open connection`, {
      host: link.host,
      hints: ['set MaxSessions to at least 1 in sshd_config on the host'],
    });
  };
}
