/** One line of the report: what we took and what the peer took for the same, in seconds, run by run. */
export type Comparison = {
  readonly what: string;
  readonly ours: readonly number[];
  readonly peer: string;
  readonly theirs: readonly number[];
};

/** Seconds that `work` takes. */
export async function seconds(work: () => unknown): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

export const tableHead =
  '| what | runs | weedgo-redis, s | peer | peer, s | the peer takes |\n|---|---|---|---|---|---|';

/** A row of the Markdown table: medians, and the ranges that say how far to trust them. */
export function formatRow({ what, ours, peer, theirs }: Comparison): string {
  const ratio = theirs.length === 0 ? '' : describeRatio(median(theirs) / median(ours));
  return `| ${what} | ${ours.length} | ${format(ours)} | ${peer} | ${format(theirs)} | ${ratio} |`;
}

function describeRatio(ratio: number): string {
  return `${ratio.toFixed(ratio < 1 ? 2 : 1)} times as long`;
}

function format(runs: readonly number[]): string {
  if (runs.length === 0) return 'not measured';
  const [low, middle, high] = [Math.min(...runs), median(runs), Math.max(...runs)].map((run) =>
    run.toFixed(run < 10 ? 2 : 1),
  );
  return `**${middle}** (${low} to ${high})`;
}

function median(runs: readonly number[]): number {
  const sorted = runs.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  const [low = NaN, high = NaN] = [sorted[Math.ceil(half) - 1], sorted[Math.floor(half)]];
  return (low + high) / 2;
}
