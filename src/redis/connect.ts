import type { Duplex } from 'node:stream';
import type { Redis } from 'ioredis';
import { OperationError } from '../base/errors.ts';
import type { Node } from '../inventory/inventory.ts';
import type { Shell } from '../ssh/shell.ts';
import { clientOver } from './client.ts';
import {
  type CallOptions,
  type RedisConnection,
  type RedisFailure,
  ReplyError,
  type Vouch,
  nameOfCommand,
} from './connection.ts';
import { type Meter, meterOf } from './meter.ts';
import { DeadlineError, withDeadline } from './deadline.ts';
import { classifyForward, classifyGreeting, type Failure, refusalFirst } from './refusal.ts';

export type RedisAuth = {
  readonly password: string | undefined;
  /** Default: the `default` user. */
  readonly username?: string;
  /** Asked once the connection is open and before anything is sent. */
  readonly vouch: Vouch;
};

/**
 * Connects to a node at its private address as seen from its own host, through the host's Shell, and
 * authenticates when `vouch` finds the node's own server at the other end: a socket of another user's gets
 * nothing. Resolves to a RedisFailure when nothing listens there, the password is rejected or missing, or no
 * Redis answers within `timeoutMs` (default 6 000). Never retries.
 */
export async function connectNode(
  shell: Shell,
  node: Node,
  { timeoutMs = defaultTimeoutMs, vouch, ...auth }: RedisAuth & CallOptions,
): Promise<RedisConnection | RedisFailure> {
  const from = async (address: string): Promise<RedisConnection | RedisFailure> => {
    let stream: Duplex;
    try {
      stream = await withDeadline(shell.forward(address, node.port), timeoutMs);
    } catch (error) {
      return { node, ...classifyForward(error) };
    }
    const doubt = await doubtAbout(stream, { ...node, address }, { vouch, timeoutMs });
    if (doubt) {
      stream.destroy();
      return { node, ...doubt };
    }
    return greet(stream, node, { auth, timeoutMs });
  };
  const connected = await from(node.address);
  // Protected mode lets in what comes over loopback, where every node listens too.
  if (!('failure' in connected) || connected.failure !== 'protected') return connected;
  const inside = await from('127.0.0.1');
  return 'failure' in inside ? connected : inside;
}

/** Why nothing may be sent over a connection that is open; undefined: the node's own server has it. */
async function doubtAbout(
  stream: Duplex,
  node: Node,
  { vouch, timeoutMs }: { readonly vouch: Vouch; readonly timeoutMs: number },
): Promise<Failure | undefined> {
  // It can break meanwhile, and nobody else listens yet.
  stream.on('error', () => undefined);
  try {
    const owner = await withDeadline(vouch(node), timeoutMs);
    // A server that closes a connection at once has told why, and nobody has that socket any more.
    const refusal = owner.kind === 'foreign' ? undefined : refusalFirst(stream);
    if (refusal) return refusal;
    if (owner.kind === 'own') {
      return stream.destroyed
        ? { failure: 'protocol', reason: 'it closed the connection at once' }
        : undefined;
    }
    const failure = owner.kind === 'foreign' ? 'foreign' : 'unverified';
    return { failure, reason: `${owner.reason}; the password was not sent` };
  } catch (error) {
    if (!(error instanceof DeadlineError)) throw error;
    const reason = `${node.host} did not say within ${timeoutMs / 1000} s whose port ${node.port} is; the password was not sent`;
    return { failure: 'unverified', reason };
  }
}

type Greeting = { readonly auth: Omit<RedisAuth, 'vouch'>; readonly timeoutMs: number };

async function greet(
  stream: Duplex,
  node: Node,
  { auth, timeoutMs }: Greeting,
): Promise<RedisConnection | RedisFailure> {
  const client = clientOver(stream);
  let streamError: Error | undefined;
  client.on('error', (error: Error) => (streamError ??= error));
  try {
    await withDeadline(client.connect(), timeoutMs);
    const commands = commandsOf(client, node, meterOf(stream));
    const passwordless = await authenticate(commands.call, auth, timeoutMs);
    return {
      node,
      ...commands,
      passwordless,
      isOwnPassword: (value) => value === (auth.password ?? ''),
      close: () => client.disconnect(),
      closed: () => client.status === 'end' || stream.destroyed,
    };
  } catch (error) {
    client.disconnect();
    stream.destroy();
    return { node, ...classifyGreeting(error, streamError) };
  }
}

/** A node in a script is silent for `busy-reply-threshold` (5 s), and then says so: that has to be heard. */
const defaultTimeoutMs = 6000;

type Commands = Pick<RedisConnection, 'call' | 'pipeline'>;

function commandsOf(client: Redis, node: Node, meter: Meter): Commands {
  const send = async <T>(reply: Promise<T>, what: string, options: CallOptions = {}): Promise<T> => {
    try {
      return await meter.measure(withDeadline(reply, options.timeoutMs ?? defaultTimeoutMs));
    } catch (error) {
      throw excessOf(meter, node, what) ?? translate(error, node, what);
    }
  };
  return {
    call: (command, options) => {
      const [name = '', ...args] = command;
      return send(client.call(String(name), ...args), nameOfCommand(command), options);
    },
    pipeline: async (commands, options) => {
      const pipeline = client.pipeline();
      for (const [name = '', ...args] of commands) pipeline.call(String(name), ...args);
      const replies = (await send(pipeline.exec(), commands.map(nameOfCommand).join(', '), options)) ?? [];
      return replies.map(([error, reply], index) => {
        if (!error) return reply;
        const translated = translate(error, node, nameOfCommand(commands[index] ?? []));
        if (translated instanceof ReplyError) return translated;
        throw translated;
      });
    },
  };
}

function excessOf(meter: Meter, node: Node, what: string): OperationError | undefined {
  const excess = meter.excess();
  if (excess === undefined) return undefined;
  return new OperationError(`${node.id} sent ${excess} to ${what}; the connection was closed`, {
    node: node.id,
    host: node.host,
    hints: [`Look at what runs on ${node.id}'s port: Redis does not send that.`],
  });
}

function translate(error: unknown, node: Node, what: string): OperationError {
  const details = { node: node.id, host: node.host };
  if (error instanceof DeadlineError) {
    const seconds = error.timeoutMs / 1000;
    return new OperationError(`${node.id} did not answer ${what} within ${seconds} s`, {
      ...details,
      cause: error,
    });
  }
  // No cause: ioredis keeps the command's arguments in its errors, a password among them.
  if (error instanceof Error && error.name === 'ReplyError') return new ReplyError(error.message, details);
  return new OperationError(`${node.id} closed the connection during ${what}`, {
    ...details,
    hints: [`Look at the log of ${node.id}: it has stopped, or its host cannot be reached any more.`],
  });
}

/**
 * Resolves to whether the server asks for no password although one was given; throws what the server
 * answered.
 */
async function authenticate(
  call: RedisConnection['call'],
  { password, username }: Greeting['auth'],
  timeoutMs: number,
): Promise<boolean> {
  try {
    const credentials = username === undefined ? [password ?? ''] : [username, password ?? ''];
    await call(password === undefined ? ['PING'] : ['AUTH', ...credentials], { timeoutMs });
    return false;
  } catch (error) {
    if (!(error instanceof ReplyError)) throw error;
    if (error.code === 'LOADING') return false;
    if (/without any password configured|no password is set/.test(error.message)) return true;
    throw error;
  }
}
