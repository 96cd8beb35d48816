import { setTimeout as sleep } from 'node:timers/promises';

/** Tries until it does not throw; throws its last error when `timeoutMs` (default 20 000) have passed. */
export async function until<T>(
  attempt: () => Promise<T>,
  { timeoutMs = 20_000 }: { readonly timeoutMs?: number } = {},
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(50);
    }
  }
}
