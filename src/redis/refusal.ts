import type { Duplex } from 'node:stream';
import { messageOf } from '../base/message-of.ts';
import { type RedisFailure, ReplyError } from './connection.ts';
import { DeadlineError } from './deadline.ts';

/** Why no connection to a node was made, in the words of a view. */
export type Failure = Omit<RedisFailure, 'node'>;

export function classifyForward(error: unknown): Failure {
  if (error instanceof DeadlineError) return { failure: 'timeout', reason: error.message };
  const reason = messageOf(error);
  return { failure: isRefusal(error) ? 'refused' : 'host', reason };
}

/**
 * Nobody listens there, as opposed to a host that does not forward or is lost (`ForwardFailure` in
 * ssh/link.ts).
 */
const isRefusal = (error: unknown): boolean =>
  error instanceof Error &&
  error.cause instanceof Error &&
  'why' in error.cause &&
  error.cause.why === 'refused';

export function classifyGreeting(error: unknown, streamError: Error | undefined): Failure {
  // ioredis puts a reply that it did not wait for into the text of its error.
  const texts = [error, streamError].flatMap((each) => (each instanceof Error ? [each.message] : []));
  const refusal = refusalIn(texts.join(' '));
  if (refusal) return refusal;
  if (error instanceof ReplyError) {
    switch (error.code) {
      case 'NOAUTH':
        return { failure: 'auth', reason: 'it asks for a password and the inventory has none' };
      case 'WRONGPASS':
        return { failure: 'auth', reason: "it rejects the inventory's password" };
      default:
        return { failure: 'protocol', reason: error.message };
    }
  }
  if (error instanceof DeadlineError || streamError === undefined) {
    return {
      failure: 'timeout',
      reason: 'something accepts connections there but does not answer as Redis does',
    };
  }
  return { failure: 'protocol', reason: `what answers there is not Redis: ${streamError.message}` };
}

/** What a server says before it was asked anything: it refuses the connection. */
export function refusalFirst(stream: Duplex): Failure | undefined {
  const data: unknown = stream.read();
  if (data === null || data === undefined) return undefined;
  stream.unshift(data);
  return refusalIn(Buffer.isBuffer(data) ? data.toString('latin1') : '');
}

/** The two refusals that do not depend on what was asked (networking.c, acceptCommonHandler). */
function refusalIn(text: string): Failure | undefined {
  if (/\bERR max number of clients\b/.test(text))
    return { failure: 'full', reason: 'it has as many connections as maxclients allows and accepts no more' };
  if (/\bDENIED\b/.test(text))
    return {
      failure: 'protected',
      reason: 'it has no password, so protected mode refuses every client that is not on its host',
    };
  return undefined;
}
