/** What a probe has to say. Counts of writes; times in ms. */
export type ProbeReport = {
  readonly shard: number;
  /** Writes a second that were aimed at. */
  readonly rate: number;
  readonly acknowledged: number;
  /** Acknowledged, but not there or older when read back. */
  readonly lost: number;
  /** The first few lost numbers. */
  readonly lostNumbers: readonly number[];
  /** The longest time between two acknowledgements while writes were due. */
  readonly longestGapMs: number;
  /** MOVED answers that were followed; no errors to a cluster client. */
  readonly redirects: number;
  /** Failed attempts by kind, as `CLUSTERDOWN`, `timeout`, `connection lost`; each was tried again. */
  readonly errors: Readonly<Record<string, number>>;
  /** Writes that were never acknowledged before the end. */
  readonly unacknowledged: number;
  /** Acknowledged writes that could not be read back at all, so that nobody knows. */
  readonly unread: number;
  /** The probe's keys are gone; else they expire within the hour. */
  readonly removed: boolean;
};

/** Counts what happens to a probe's writes. `now`: ms of a monotonic clock. */
export class Tally {
  readonly acknowledged: number[] = [];
  readonly #failures = new Map<string, number>();
  #longestGapMs = 0;
  #last: number | undefined;

  acknowledge(number: number, now: number): void {
    this.acknowledged.push(number);
    this.#look(now);
    this.#last = now;
  }

  fail(kind: string): void {
    this.#failures.set(kind, (this.#failures.get(kind) ?? 0) + 1);
  }

  /** At the end: a gap that nothing has ended counts as well. */
  finish(now: number): void {
    this.#look(now);
  }

  figures(): Pick<ProbeReport, 'acknowledged' | 'longestGapMs' | 'redirects' | 'errors'> {
    const { MOVED: redirects = 0, ...errors } = Object.fromEntries(this.#failures);
    const longestGapMs = Math.round(this.#longestGapMs);
    return { acknowledged: this.acknowledged.length, longestGapMs, redirects, errors };
  }

  #look(now: number): void {
    if (this.#last !== undefined) this.#longestGapMs = Math.max(this.#longestGapMs, now - this.#last);
  }
}
