import { InterruptedError, WeedgoError } from '../../base/errors.ts';

/** The error of an interrupted call: the signal's own reason where that is an error for operators. */
export function interruption(host: string, signal: AbortSignal | undefined): WeedgoError {
  const reason: unknown = signal?.reason;
  return reason instanceof WeedgoError ? reason : new InterruptedError(`interrupted on ${host}`, { host });
}
