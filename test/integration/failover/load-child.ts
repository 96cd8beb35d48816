import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster } from 'ioredis';
import { keySlot, slotCount } from '../../../src/cluster/slots.ts';
import type { LoadReport, LoadRequest } from './load.ts';

/** A process of its own, so that what the tool computes does not count as a gap. Told what to do over IPC. */
const send = (message: unknown): void => void process.send?.(message);
const acknowledged: number[] = [];
const errors: Record<string, number> = {};
const inFlight = new Set<Promise<void>>();
const last = new Map<number, number>();
const stopped = new AbortController();
let [issued, recent, longest, timeouts] = [0, 0, 0, 0];
/** Writes a second that are begun now; a server that does not keep up is not asked faster and faster. */
let allowance = 0;
let slowedAt = 0;
const least = 100;

// Whoever started this may be killed: nobody would end it then.
process.on('disconnect', () => process.exit());
// ioredis leaves the time-outs of its own questions (its CLUSTER SLOTS, its INFO) to nobody.
process.on('unhandledRejection', (error) =>
  fail(
    `unhandled: ${String(error)} ${JSON.stringify((error as { command?: unknown }).command)} ${(error as Error).stack}`,
  ),
);
process.on('message', (message: LoadRequest | 'gap' | 'silence' | 'finish') => {
  if (message === 'gap') {
    send({ gap: Math.round(recent) });
    recent = 0;
  } else if (message === 'silence') send({ silence: Math.round(silence()) });
  else if (message === 'finish') stopped.abort();
  else void run(message).then(send);
});

async function run({ nodes, password, rate, shards }: LoadRequest): Promise<{ report: LoadReport }> {
  const cluster = connect(nodes, password);
  // Numbers in turn to each shard, so that a gap is a shard's own.
  const tags = Array.from({ length: shards }, (_, shard) => tagOf(shard, shards));
  const keyOf = (number: number): string => `{${tags[number % shards]}}:${number}`;
  const write = async (number: number): Promise<void> => {
    try {
      await cluster.set(keyOf(number), number);
      acknowledged.push(number);
      note(number % shards);
    } catch (error) {
      fail(error instanceof Error ? error.message : String(error));
    }
  };
  // Each shard has its first one before any fault.
  for (let shard = 0; shard < shards; shard += 1) await write((issued += 1));
  send({ started: true });
  const start = performance.now();
  allowance = rate;
  let [due, at] = [0, start];
  while (!stopped.signal.aborted) {
    const now = performance.now();
    // What could not be begun meanwhile is not made up for: an application does not either.
    due = Math.min(due + ((now - at) / 1000) * allowance, allowance / 10);
    at = now;
    for (; due >= 1 && inFlight.size < 2 * rate; due -= 1) {
      const writing = write((issued += 1)).finally(() => inFlight.delete(writing));
      inFlight.add(writing);
    }
    // Back to the whole rate within two seconds of the last time-out.
    if (now - slowedAt > 100) allowance = Math.min(rate, allowance + rate / 2000);
    await sleep(1);
  }
  const seconds = (performance.now() - start) / 1000;
  // A gap that nothing has ended is one.
  longest = Math.max(longest, silence());
  // ioredis may never settle what it sent to a host that was cut off: that is not acknowledged then.
  await Promise.race([Promise.all(inFlight), sleep(20_000)]);
  timeouts += inFlight.size;
  cluster.disconnect();
  const reader = connect(nodes, password);
  const lost = await countLost(reader, shards, keyOf);
  reader.disconnect();
  const measured = Math.round(acknowledged.length / seconds);
  return {
    report: {
      acknowledged: acknowledged.length,
      lost,
      longestGapMs: Math.round(longest),
      rate: measured,
      timeouts,
      errors,
    },
  };
}

/** With the settings that docs/clients.md recommends. */
function connect(nodes: LoadRequest['nodes'], password: string): Cluster {
  const cluster = new Cluster([...nodes], {
    redisOptions: { password, commandTimeout: 1000, connectTimeout: 1000, keepAlive: 60_000 },
    clusterRetryStrategy: (attempt) => Math.min(50 * attempt, 1000),
    slotsRefreshTimeout: 2000,
    slotsRefreshInterval: 5000,
  });
  cluster.on('error', () => undefined);
  return cluster;
}

/** ioredis has one time-out for a command and one for a connection. */
function fail(message: string): void {
  if (/timed out|ETIMEDOUT/.test(message)) {
    timeouts += 1;
    const now = performance.now();
    if (now - slowedAt < 100) return;
    slowedAt = now;
    allowance = Math.max(least, allowance / 2);
    return;
  }
  const kind = message.slice(0, 60);
  errors[kind] = (errors[kind] ?? 0) + 1;
}

function note(shard: number): void {
  const now = performance.now();
  const gap = now - (last.get(shard) ?? now);
  recent = Math.max(recent, gap);
  longest = Math.max(longest, gap);
  last.set(shard, now);
}

/** How long the shard that waits longest has been without an acknowledgement. */
function silence(): number {
  return Math.max(...[...last.values()].map((at) => performance.now() - at));
}

function tagOf(shard: number, shards: number): string {
  const width = slotCount / shards;
  for (let number = 0; ; number += 1)
    if (Math.floor(keySlot(`load${number}`) / width) === shard) return `load${number}`;
}

async function countLost(
  cluster: Cluster,
  shards: number,
  keyOf: (number: number) => string,
): Promise<number> {
  let lost = 0;
  for (let shard = 0; shard < shards; shard += 1) {
    const numbers = acknowledged.filter((number) => number % shards === shard);
    for (let at = 0; at < numbers.length; at += 1000) {
      const part = numbers.slice(at, at + 1000);
      // All in one slot.
      const values = await cluster.mget(part.map(keyOf));
      lost += part.filter((number, index) => values[index] !== String(number)).length;
    }
  }
  return lost;
}
