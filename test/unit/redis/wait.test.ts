import { describe, expect, it } from 'vitest';
import { InterruptedError } from '../../../src/base/errors.ts';
import { pause, waitUntil } from '../../../src/base/wait.ts';

describe('waiting', () => {
  it('ends with the first look that lacks nothing', async () => {
    let looks = 0;
    const look = async (): Promise<number> => ++looks;
    const waited = await waitUntil(look, (seen) => (seen < 3 ? [`${seen} is too few`] : []), {
      deadlineMs: 60_000,
      intervalMs: 1,
    });
    expect(waited).toMatchObject({ seen: 3, missing: [] });
  });

  it('gives the last look and what that lacked when the deadline has passed', async () => {
    const waited = await waitUntil(
      async () => 'nothing',
      () => ['something'],
      { deadlineMs: 20, intervalMs: 1 },
    );
    expect(waited).toMatchObject({ seen: 'nothing', missing: ['something'] });
  });

  it('goes on past the deadline for as long as there is work under way', async () => {
    let looks = 0;
    const waited = await waitUntil(
      async () => ++looks,
      () => ['something'],
      { deadlineMs: 20, atWork: (seen) => seen < 5, intervalMs: 10 },
    );
    expect(waited.seen).toBeGreaterThanOrEqual(5);
  });

  it('looks once even without time', async () => {
    expect(
      await waitUntil(
        async () => 1,
        () => [],
        { deadlineMs: 0 },
      ),
    ).toMatchObject({ seen: 1 });
  });

  it('is ended by an interruption, also in a pause', async () => {
    const interrupt = new AbortController();
    const waiting = waitUntil(
      async () => interrupt.abort(),
      () => ['something'],
      { deadlineMs: 60_000, intervalMs: 60_000, signal: interrupt.signal },
    );
    await expect(waiting).rejects.toThrow(InterruptedError);
    await expect(pause(60_000, interrupt.signal)).rejects.toThrow(InterruptedError);
    await expect(pause(1)).resolves.toBeUndefined();
  });
});
