import type { Fact } from './fact.ts';
import { numberOf } from './lines.ts';

/** Processors that may be used, at least 1. */
export const cpus: Fact<number> = {
  script: () => 'nproc 2>/dev/null || getconf _NPROCESSORS_ONLN || grep -c ^processor /proc/cpuinfo',
  parse: (output) => Math.max(1, numberOf(output) ?? 1),
};
