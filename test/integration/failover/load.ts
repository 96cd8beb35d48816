import { fork } from 'node:child_process';
import { on, once } from 'node:events';
import { join } from 'node:path';

export type LoadRequest = {
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  readonly password: string;
  /** Writes a second. */
  readonly rate: number;
  readonly shards: number;
};

export type LoadReport = {
  readonly acknowledged: number;
  /** Acknowledged, and not there or not as written when read back. */
  readonly lost: number;
  /** The longest time between two acknowledgements of one shard, ms. */
  readonly longestGapMs: number;
  /** Writes a second, over the whole time. */
  readonly rate: number;
  /**
   * Writes, and questions of the client's own, that it gave up to wait for: a slow machine has them as well.
   */
  readonly timeouts: number;
  /** Writes that failed for good in any other way, by message. */
  readonly errors: Readonly<Record<string, number>>;
};

export type Load = {
  /** The longest gap since the last call, ms. */
  readonly gap: () => Promise<number>;
  /** How long it is since the last acknowledgement of the shard where that is longest, ms. */
  readonly silence: () => Promise<number>;
  readonly finish: () => Promise<LoadReport>;
};

/**
 * Numbered keys in every shard, written by ioredis, a cluster client that is not ours, in a process of its
 * own; every acknowledged one is read back at the end.
 */
export async function startLoad(
  nodes: LoadRequest['nodes'],
  password: string,
  { rate = 2000, shards = 3 } = {},
): Promise<Load> {
  const child = fork(join(import.meta.dirname, 'load-child.ts'), {
    execArgv: ['--import', import.meta.resolve('tsx')],
  });
  const messages = on(child, 'message');
  const ended = once(child, 'exit').then(([code]) =>
    Promise.reject(new Error(`the load ended: exit ${code}`)),
  );
  // Its end after `finish` is nobody's failure.
  ended.catch(() => undefined);
  const next = async <T>(): Promise<T> => {
    const { value } = await Promise.race([messages.next(), ended]);
    return (value as [T])[0];
  };
  child.send({ nodes, password, rate, shards } satisfies LoadRequest);
  await next();
  return {
    gap: async () => {
      child.send('gap');
      return (await next<{ gap: number }>()).gap;
    },
    silence: async () => {
      child.send('silence');
      return (await next<{ silence: number }>()).silence;
    },
    finish: async () => {
      child.send('finish');
      const { report } = await next<{ report: LoadReport }>();
      child.kill();
      return report;
    },
  };
}

export function median(numbers: readonly number[]): number {
  return numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? 0;
}

/** Figures are told, never asserted: they are the machine's. */
export function tell(what: string, figures: unknown): void {
  process.stdout.write(`${what}: ${JSON.stringify(figures)}\n`);
}
