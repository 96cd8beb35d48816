import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { tell } from './load.ts';
import { createPlace } from './place.ts';
import type { Place } from './place.ts';

vi.setConfig({ testTimeout: 400_000, hookTimeout: 400_000 });

let place: Place;

beforeAll(async () => {
  place = await createPlace(18010);
});
afterAll(() => place.close());

describe('a drill', () => {
  it('needs the cluster’s name', async () => {
    expect((await place.json(4, '--yes', 'drill')).error.hints.join()).toContain('--confirm rehearsal');
    expect((await place.json(4, 'drill', '--confirm', 'other')).error.kind).toBe('refused');
    expect((await place.json(2, 'drill', 'a')).error.message).toMatch(/of one shard/);
    expect((await place.json(2, 'drill', '--how', 'politely')).error.kind).toBe('usage');
  });

  it('measures, counts, starts the node again and keeps a record', async () => {
    const [a, , , , b2] = place.ids;
    const document = await place.json(0, 'drill', '1', '--confirm', 'rehearsal');
    const { record, probe, trend, file } = document;
    tell('drill, kill', record);
    expect(record).toMatchObject({ how: 'kill', from: a, to: b2, nodeTimeoutMs: 2000, lost: probe.lost });
    expect(record.detectedMs).toBeLessThanOrEqual(record.promotedMs);
    expect(record.promotedMs).toBeLessThanOrEqual(record.recoveredMs);
    expect(record.longestGapMs).toBeGreaterThan(0);
    expect(trend).toHaveLength(1);
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(record);
    const masters = (await place.nodes(place.ids[1])).filter(({ role }) => role === 'master');
    expect(masters.map(({ port }) => port)).toContain(place.addressOf(a).port);
  });

  it('is done again with an orderly stop, and the trend is kept beside the inventory', async () => {
    const { record, trend } = await place.json(0, 'drill', '2', '--how', 'stop', '--confirm', 'rehearsal');
    tell('drill, stop', record);
    expect(trend.map(({ how }: { how: string }) => how)).toEqual(['kill', 'stop']);
    expect(await readdir(join(place.dir, 'drills'))).toHaveLength(2);
  });

  it('that was killed is tidied up by the next', async () => {
    const run = place.start('drill', '3', '--confirm', 'rehearsal');
    run.onLine((line) => {
      if (line.includes('kill c:') && line.includes('…')) setTimeout(() => run.kill('SIGKILL'), 500);
    });
    expect((await run.done).code).toBe(137);
    const again = await place.json(0, 'drill', '1', '--confirm', 'rehearsal');
    expect(again.record.from).toBe(place.ids[0]);
    const masters = (await place.nodes(place.ids[1])).filter(({ role }) => role === 'master');
    expect(masters.map(({ port }) => port)).toContain(place.addressOf(place.ids[2]).port);
  });

  it('of a production cluster needs --i-know', async () => {
    const inventory = JSON.parse(await readFile(join(place.dir, 'weedgo-redis.yaml'), 'utf8')) as object;
    await place.setInventory({ ...inventory, production: true });
    expect((await place.json(4, 'drill', '--confirm', 'rehearsal')).error.hints.join()).toContain('--i-know');
    expect((await place.json(4, 'drill', '--i-know', '--confirm', 'x')).error.hints.join()).toContain(
      '--confirm',
    );
  });
});
