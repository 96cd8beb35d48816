import { UsageError } from '../base/errors.ts';

/** A look asks every node: without a pause it would be load for its own sake. */
const leastPause = 0.1;

/** A number of seconds from an option; `standard` where the option has no value. Throws UsageError. */
export function readSeconds(option: string, value: unknown, standard: number): number {
  if (value === undefined || value === true) return standard;
  const seconds = Number(value);
  const least = option === '--watch' ? leastPause : 0;
  if (typeof value === 'string' && value.trim() !== '' && seconds >= least && seconds <= 86_400)
    return seconds;
  throw new UsageError(`${option} takes a number of seconds, ${least} to 86400`);
}
