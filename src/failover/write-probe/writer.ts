import { setTimeout as sleep } from 'node:timers/promises';
import type { Send } from './shard-client.ts';
import { Tally } from './tally.ts';

export type Writing = {
  /** Writes a second. */
  readonly rate: number;
  readonly attempt: Send;
  readonly keyOf: (number: number) => string;
};

/** Keys of some 100 bytes each: a probe never takes more than about 10 MB. */
const mostWrites = 100_000;
const mostInFlight = 256;
const expirySeconds = 3600;
const retryMs = 20;
const fewWrites = 16;

/** Writes `1, 2, 3, …` at the given rate until it is stopped, each again until it is acknowledged. */
export class Writer {
  readonly tally = new Tally();
  /** The first write was acknowledged, or is late. */
  readonly started: Promise<unknown>;
  /** How many writes were begun. */
  issued = 0;
  readonly #writing: Writing;
  readonly #running: Promise<void>;
  readonly #inFlight = new Set<Promise<void>>();
  #stopped = false;

  constructor(writing: Writing) {
    this.#writing = writing;
    this.started = Promise.race([this.#write((this.issued += 1)), sleep(2000)]);
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    await this.started;
    let [due, at] = [0, performance.now()];
    while (!this.#stopped) {
      const now = performance.now();
      // What could not be begun meanwhile is not made up for: a node that has just recovered meets no flood.
      due = Math.min(due + ((now - at) / 1000) * this.#writing.rate, mostInFlight);
      at = now;
      for (; due >= 1 && this.#hasRoom(); due -= 1) this.#begin((this.issued += 1));
      await sleep(1);
    }
    await Promise.all(this.#inFlight);
    if (this.issued > this.tally.acknowledged.length) this.tally.finish(performance.now());
  }

  #hasRoom(): boolean {
    return this.issued < mostWrites && this.#inFlight.size < mostInFlight;
  }

  #begin(number: number): void {
    const write: Promise<void> = this.#write(number).finally(() => this.#inFlight.delete(write));
    this.#inFlight.add(write);
  }

  async #write(number: number): Promise<void> {
    const { attempt, keyOf } = this.#writing;
    for (;;) {
      const result = await attempt([['SET', keyOf(number), number, 'EX', expirySeconds]]);
      if (result.ok) return this.tally.acknowledge(number, performance.now());
      this.tally.fail(result.kind);
      if (this.#stopped) return;
      // All together try as often as a few would: enough to see the end of a gap at once.
      if (result.kind !== 'MOVED') await sleep(retryMs * Math.max(1, this.#inFlight.size / fewWrites));
    }
  }
}
