import { UsageError } from '../errors.ts';

/** A number of seconds from an option; `standard` where the option has no value. Throws UsageError. */
export function readSeconds(option: string, value: unknown, standard: number): number {
  if (value === undefined || value === true) return standard;
  const seconds = Number(value);
  if (typeof value === 'string' && value.trim() !== '' && seconds >= 0 && seconds <= 86_400) return seconds;
  throw new UsageError(`${option} takes a number of seconds, 0 to 86400`);
}
