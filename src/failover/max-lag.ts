import { UsageError } from '../base/errors.ts';
import { parseMemory } from '../render/memory.ts';

/** `--max-lag` as redis.conf writes memory: `512`, `64kb`, `10mb`. Throws UsageError. */
export function parseMaxLag(text: string): number {
  const bytes = parseMemory(text);
  if (bytes !== undefined) return bytes;
  throw new UsageError(`--max-lag ${text}: write bytes, or 64kb, 10mb, 1gb`);
}
