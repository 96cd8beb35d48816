import type { Duplex } from 'node:stream';
import { AbstractConnector, Redis } from 'ioredis';

/**
 * An ioredis client over a stream that is already open. It never retries or queues: what failed is reported,
 * and operations decide what to do about it. The caller connects it, listens for `error` and authenticates
 * (ioredis prints to the console when a server wants no password).
 */
export function clientOver(stream: Duplex): Redis {
  return new Redis({
    Connector: connectorOf(stream),
    lazyConnect: true,
    protocol: 2,
    enableReadyCheck: false,
    disableClientInfo: true,
    retryStrategy: null,
    maxRetriesPerRequest: 0,
    autoResubscribe: false,
    autoResendUnfulfilledCommands: false,
  });
}

type NetStream = Awaited<ReturnType<AbstractConnector['connect']>>;

function connectorOf(stream: Duplex): new () => AbstractConnector {
  return class extends AbstractConnector {
    constructor() {
      super(disconnectTimeoutMs);
    }

    override connect(): Promise<NetStream> {
      this.connecting = true;
      assertSocket(stream);
      this.stream = stream;
      return Promise.resolve(stream);
    }
  };
}

/** How long a stream may take to end before it is destroyed. */
const disconnectTimeoutMs = 500;

/** An SSH channel lacks the methods of a socket that ioredis calls; there they mean nothing. */
function assertSocket(stream: Duplex): asserts stream is NetStream {
  for (const method of ['setNoDelay', 'setKeepAlive', 'setTimeout', 'ref', 'unref']) {
    if (!(method in stream)) Object.assign(stream, { [method]: () => stream });
  }
}
