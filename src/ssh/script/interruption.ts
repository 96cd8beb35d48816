import { InterruptedError, WeedgoError } from '../../base/errors.ts';

/** The error of whoever was interrupted: the signal's own reason where that is one for operators. */
export function interruption(host: string, signal: AbortSignal | undefined): WeedgoError {
  const reason: unknown = signal?.reason;
  return reason instanceof WeedgoError ? reason : new InterruptedError(`interrupted on ${host}`, { host });
}
