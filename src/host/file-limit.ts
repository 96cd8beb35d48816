import type { ProcessState } from './facts.ts';

/** Redis keeps this many file descriptors for itself (server.h, CONFIG_MIN_RESERVED_FDS). */
export const reservedFiles = 32;

/**
 * Whether a server has lowered its maxclients to what its limit of open files leaves room for
 * (adjustOpenFilesLimit, server.c): it raises the limit as far as it may, and takes exactly what it then has.
 * CONFIG SET cannot raise it again.
 */
export function isLoweredByLimit(
  process: ProcessState | undefined,
  maxclients: { readonly wanted: number; readonly live: number },
): boolean {
  const { live, wanted } = maxclients;
  return process !== undefined && live < wanted && live === process.openFilesLimit - reservedFiles;
}
