import { OperationError } from '../../base/errors.ts';
import type { Channel, Link } from '../link.ts';
import { TooManyChannels } from '../link.ts';

const mostPerLink = 8;
const mostLinks = 16;

/** Opens commands that stay, on connections of their own. */
export type Streams = {
  readonly open: (command: string) => Promise<Channel>;
  readonly close: () => Promise<void>;
};

type Side = { readonly link: Link; open: number; full: boolean };

/**
 * Commands that stay open for as long as a Redis connection does would use up the sessions that a connection
 * has (MaxSessions) and starve the scripts. So they get connections of their own, another whenever one is
 * full.
 */
export function streamOpener(openLink: () => Promise<Link>): Streams {
  const sides: Side[] = [];
  let last: Promise<unknown> = Promise.resolve();
  let isClosed = false;

  const openSide = async (): Promise<Side> => {
    const side: Side = { link: await openLink(), open: 0, full: false };
    sides.push(side);
    void side.link.lost.then(() => sides.splice(sides.indexOf(side), 1));
    if (!isClosed) return side;
    // `close` came while this one was being made, and nobody else would end it: the process would stay for
    // its sake.
    await side.link.close();
    throw closedMeanwhile(side.link.host);
  };

  const open = async (command: string): Promise<Channel> => {
    for (const side of sides.filter(({ open: count, full }) => !full && count < mostPerLink)) {
      const channel = await openOn(side, command);
      if (channel !== undefined) return channel;
    }
    if (sides.length === mostLinks) throw noSession(sides[0]?.link.host);
    const side = await openSide();
    const channel = await openOn(side, command);
    if (channel === undefined) throw noSession(side.link.host);
    return channel;
  };
  return {
    // One at a time: two that come together shall not open a connection each.
    async open(command) {
      const turn = last.then(async () => {
        if (isClosed) throw closedMeanwhile(undefined);
        return await open(command);
      });
      last = turn.catch(() => undefined);
      return await turn;
    },
    async close() {
      isClosed = true;
      await Promise.all(sides.map(async ({ link }) => await link.close()));
    },
  };
}

function closedMeanwhile(host: string | undefined): OperationError {
  return new OperationError(
    `${host ?? 'the host'}: its connection was closed`,
    host === undefined ? {} : { host },
  );
}

function noSession(host: string | undefined): OperationError {
  return new OperationError(`${host} allows no more sessions to forward connections through`, {
    ...(host === undefined ? {} : { host }),
    hints: ['in its sshd_config: AllowTcpForwarding yes, or a higher MaxSessions'],
  });
}

/** Undefined when the connection is full. */
async function openOn(side: Side, command: string): Promise<Channel | undefined> {
  try {
    const channel = await side.link.exec(command);
    side.open += 1;
    void channel.closed.then(() => {
      side.open -= 1;
      side.full = false;
    });
    return channel;
  } catch (error) {
    if (!(error instanceof TooManyChannels)) throw error;
    side.full = true;
    return undefined;
  }
}
