import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { until } from '../../support/until.ts';
import { createPlace } from './place.ts';
import type { Place } from './place.ts';

vi.setConfig({ testTimeout: 600_000, hookTimeout: 400_000 });

let place: Place;

beforeAll(async () => {
  place = await createPlace(18020);
});
afterAll(() => place.close());

/** Starts the command, kills it `ms` after it shows its first progress, and resolves to whether that was in time. */
async function killAfter(ms: number, ...args: string[]): Promise<boolean> {
  const run = place.start(...args);
  let armed = false;
  run.onLine(() => {
    if (!armed) setTimeout(() => run.kill('SIGKILL'), ms);
    armed = true;
  });
  return (await run.done).code === 137;
}

/** Every slot is served and nothing has failed for good, soon after. */
const isWhole = (): Promise<void> =>
  until(
    async () => {
      for (const id of place.ids)
        expect(await place.redis(id, 'CLUSTER', 'INFO')).toContain('cluster_state:ok');
    },
    { timeoutMs: 60_000 },
  );

describe('an operator’s process that is killed', () => {
  const commands: readonly (readonly string[])[] = [
    ['--yes', 'failover', '1', '--probe'],
    ['--yes', 'drain', 'a'],
    ['--yes', 'undrain', 'a'],
    ['--yes', 'failover', '2'],
    ['--yes', 'balance-masters'],
    ['restart', 'b'],
  ];

  it.each(commands.flatMap((args) => [0, 60, 300].map((ms) => ({ args, ms, what: args.join(' ') }))))(
    '$ms ms into $what: the lock goes, the cluster is whole, a rerun completes',
    async ({ args, ms }) => {
      const inTime = await killAfter(ms, ...args);
      await isWhole();
      await place.json(0, ...args);
      await isWhole();
      expect(typeof inTime).toBe('boolean');
    },
  );

  it('is in the history, and every command after it', async () => {
    const { entries } = await place.json(0, 'history', '--limit', '100');
    const outcomes = entries.map(({ outcome }: { outcome: string }) => outcome);
    expect(outcomes).toContain('abandoned');
    expect(outcomes.filter((outcome: string) => outcome === 'done').length).toBeGreaterThanOrEqual(
      commands.length,
    );
  });
});
