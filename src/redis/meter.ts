import type { Duplex } from 'node:stream';
import { formatBytes } from '../base/bytes.ts';

/** More than this between two replies is no reply that a command of the product asks for. */
const mostBytes = 64 * 1024 * 1024;
/** Nor is this much when nothing was asked, or when the time for an answer is over. */
const mostUnasked = 1024 * 1024;

export type Meter = {
  /** Counts the command from its sending to the end of its reply, its refusal or its deadline. */
  readonly measure: <T>(reply: Promise<T>) => Promise<T>;
  /** What came was too much, and the stream was ended for that; undefined: it was not. */
  readonly excess: () => string | undefined;
};

/**
 * Ends a stream on which more comes than a reply holds: a server that never finishes one would take all
 * memory.
 */
export function meterOf(stream: Duplex): Meter {
  let [bytes, pending] = [0, 0];
  let isOver = false;
  const judge = (limit: number): void => {
    if (bytes <= limit) return;
    isOver = true;
    stream.destroy();
  };
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    judge(pending === 0 ? mostUnasked : mostBytes);
  });
  return {
    measure: async (reply) => {
      pending += 1;
      try {
        const value = await reply;
        if (!isOver) bytes = 0;
        return value;
      } catch (error) {
        judge(mostUnasked);
        throw error;
      } finally {
        pending -= 1;
      }
    },
    excess: () => (isOver ? `${formatBytes(bytes)} without a complete reply` : undefined),
  };
}
