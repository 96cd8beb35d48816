import { randomBytes } from 'node:crypto';
import type { Shard } from '../../cluster/shape.ts';
import { expandRanges, keySlot } from '../../cluster/slots.ts';
import type { Session } from '../../session/session.ts';
import { ShardClient } from './shard-client.ts';
import { readBack, removeAll } from './read-back.ts';
import type { ProbeReport } from './tally.ts';
import { Writer } from './writer.ts';

export type { ProbeReport } from './tally.ts';

export type Probe = {
  /** Stops writing, reads everything back, removes the keys and says what was found. */
  readonly finish: () => Promise<ProbeReport>;
};

export type ProbeOptions = {
  /** Writes a second; default `defaultProbeRate`. */
  readonly rate?: number | undefined;
};

/** Enough to see a gap of a few ms, little enough for a production shard. */
const defaultProbeRate = 1000;
/** What an application would set: an answer later than this is an error to it. */
const commandTimeoutMs = 1000;

/**
 * Writes numbered keys to a shard through the cluster, at most `rate` a second, until it is finished;
 * resolves once the first is acknowledged. All keys share a hash tag of the shard's and a random name, and
 * expire within the hour. A write is tried again, as a client would, until it is acknowledged. Throws
 * nothing: what fails is counted.
 */
export async function startProbe(
  session: Session,
  shard: Shard,
  { rate = defaultProbeRate }: ProbeOptions = {},
): Promise<Probe> {
  const client = new ShardClient({
    nodes: session.inventory.nodes,
    shard: [shard.master, ...shard.replicas].map(({ node }) => node),
    connect: (node) => session.connect(node, { timeoutMs: commandTimeoutMs }),
    timeoutMs: commandTimeoutMs,
  });
  const prefix = `{${tagIn(shard)}}:${randomBytes(6).toString('hex')}:`;
  const keyOf = (number: number): string => `${prefix}${number}`;
  const writer = new Writer({ rate, attempt: client.attempt, keyOf });
  await writer.started;
  return {
    finish: async () => {
      await writer.stop();
      const { acknowledged } = writer.tally;
      const found = await readBack(acknowledged, keyOf, client.attempt);
      const removed = await removeAll(writer.issued, keyOf, client.attempt);
      client.close();
      return {
        shard: shard.number,
        rate,
        ...writer.tally.figures(),
        lost: found.lost.length,
        lostNumbers: found.lost.slice(0, 20),
        unread: found.unread,
        unacknowledged: writer.issued - acknowledged.length,
        removed,
      };
    },
  };
}

/** A hash tag whose slot is the shard's; a shard with slots has one among some thousand names. */
function tagIn(shard: Pick<Shard, 'master'>): string {
  const slots = new Set(expandRanges(shard.master.slots));
  for (let number = 0; ; number += 1) {
    const tag = `weedgo-redis-probe-${number}`;
    if (slots.has(keySlot(tag)) || slots.size === 0) return tag;
  }
}
