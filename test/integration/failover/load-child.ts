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
let [issued, recent, longest] = [0, 0, 0];

process.on('message', (message: LoadRequest | 'gap' | 'finish') => {
  if (message === 'gap') {
    send({ gap: Math.round(recent) });
    recent = 0;
  } else if (message === 'finish') stopped.abort();
  else void run(message).then(send);
});

async function run({ nodes, password, rate, shards }: LoadRequest): Promise<{ report: LoadReport }> {
  const cluster = new Cluster([...nodes], {
    redisOptions: { password, commandTimeout: 5000 },
    slotsRefreshTimeout: 2000,
  });
  cluster.on('error', () => undefined);
  // Numbers in turn to each shard, so that a gap is a shard's own.
  const tags = Array.from({ length: shards }, (_, shard) => tagOf(shard, shards));
  const keyOf = (number: number): string => `{${tags[number % shards]}}:${number}`;
  await cluster.set(keyOf(0), 0);
  const write = async (number: number): Promise<void> => {
    try {
      await cluster.set(keyOf(number), number);
      acknowledged.push(number);
      note(number % shards);
    } catch (error) {
      const kind = error instanceof Error ? error.message.slice(0, 60) : String(error);
      errors[kind] = (errors[kind] ?? 0) + 1;
    }
  };
  send({ started: true });
  const start = performance.now();
  while (!stopped.signal.aborted) {
    const due = Math.floor(((performance.now() - start) / 1000) * rate);
    while (issued < due && inFlight.size < 2 * rate) {
      const writing = write((issued += 1)).finally(() => inFlight.delete(writing));
      inFlight.add(writing);
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const seconds = (performance.now() - start) / 1000;
  await Promise.all(inFlight);
  const lost = await countLost(cluster, keyOf);
  cluster.disconnect();
  const measured = Math.round(acknowledged.length / seconds);
  return {
    report: {
      acknowledged: acknowledged.length,
      lost,
      longestGapMs: Math.round(longest),
      rate: measured,
      errors,
    },
  };
}

function note(shard: number): void {
  const now = performance.now();
  const gap = now - (last.get(shard) ?? now);
  recent = Math.max(recent, gap);
  longest = Math.max(longest, gap);
  last.set(shard, now);
}

function tagOf(shard: number, shards: number): string {
  const width = slotCount / shards;
  for (let number = 0; ; number += 1)
    if (Math.floor(keySlot(`load${number}`) / width) === shard) return `load${number}`;
}

async function countLost(cluster: Cluster, keyOf: (number: number) => string): Promise<number> {
  let lost = 0;
  for (let at = 0; at < acknowledged.length; at += 200) {
    const part = acknowledged.slice(at, at + 200);
    const values = await Promise.all(part.map((number) => cluster.get(keyOf(number))));
    lost += part.filter((number, index) => values[index] !== String(number)).length;
  }
  return lost;
}
