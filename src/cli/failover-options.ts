import { parseMaxLag } from '../failover/max-lag.ts';
import type { ProbeOptions } from '../failover/write-probe/probe.ts';
import type { Invocation } from './command.ts';
import { parseCount, textOption } from './option-values.ts';

/** More writes a second are a load, not a probe. */
const highestRate = 10_000;

/** --max-lag, --probe and --probe-rate, which every command that moves masters takes. */
export function failoverOptions({ options }: Invocation): {
  readonly maxLag: number | undefined;
  readonly probe: ProbeOptions | undefined;
} {
  const lag = textOption(options, 'maxLag');
  const rate = probeRate(options);
  return {
    maxLag: lag === undefined ? undefined : parseMaxLag(lag),
    probe: options['probe'] === true || rate !== undefined ? { rate } : undefined,
  };
}

export function probeRate(options: Invocation['options']): number | undefined {
  return parseCount('--probe-rate', textOption(options, 'probeRate'), highestRate);
}
