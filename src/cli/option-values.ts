import { UsageError } from '../base/errors.ts';

/** An option that takes a value: commander gives a string; undefined when it was not given. */
export function textOption(options: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

/** A whole number from 1 to `most`; undefined stays undefined. Throws UsageError naming the option. */
export function parseCount(flag: string, text: string | undefined, most: number): number | undefined {
  if (text === undefined) return undefined;
  const number = /^\d+$/.test(text) ? Number(text) : 0;
  if (number >= 1 && number <= most) return number;
  throw new UsageError(`${flag} ${text}: must be a whole number from 1 to ${most}`);
}

/** `--no-restart` was given. */
export const noRestart = ({ options }: { readonly options: Readonly<Record<string, unknown>> }): boolean =>
  options['restart'] === false;
