import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { until } from '../../support/until.ts';
import { startLoad, tell } from './load.ts';
import { createPlace, documentOf, password } from './place.ts';
import type { Place } from './place.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 400_000 });

let place: Place;
let [a, b, b2, c2] = ['', '', '', ''];

beforeAll(async () => {
  // Long enough that the cluster itself does not come first. A crash loses nothing that was acknowledged with
  // fsync always: what is lost then is lost by a failover.
  place = await createPlace(18070, {
    config: { 'cluster-node-timeout': 15000, maxmemory: '200mb', appendfsync: 'always' },
  });
  [a, b, , , b2, c2] = place.ids;
});
afterAll(() => place.close());

/** As an operator, or a service manager, would do it at that moment. */
const startServer = (id: string): void => {
  const folder = join(place.state, 'weedgo-redis', 'rehearsal', String(place.addressOf(id).port));
  spawn('redis-server', [join(folder, 'redis.conf')], { stdio: 'ignore', detached: true }).unref();
};

const roleOf = async (id: string): Promise<string | undefined> =>
  (await place.nodes(id)).find(({ flags }) => flags.includes('myself'))?.role;

/** Of the masters of shards 2 and 3. */
const setVotersTimeout = async (ms: string): Promise<void> => {
  for (const id of place.ids.slice(1, 3)) await place.redis(id, 'CONFIG', 'SET', 'cluster-node-timeout', ms);
};

describe('a master that is started again while it is replaced', () => {
  beforeAll(async () => {
    // The other masters vote once in 2 × node timeout: --force has to ask again and again.
    await place.json(0, '--yes', 'failover', b2);
    await place.json(0, '--yes', 'failover', a);
    // It forgets its own votes, and they do not forget theirs however slow the machine is.
    await place.json(0, 'restart', b2);
    await setVotersTimeout('600000');
  });

  afterAll(() => setVotersTimeout('15000'));

  it.each([
    ['before the first request', /no process of/, 0],
    ['while a request is pending', /replaces .* \(force\) …$/, 900],
  ] as const)('%s: it is left alone, and nothing is lost', async (_, when, ms) => {
    const load = await startLoad(place.ids.map(place.addressOf), password);
    await place.signal(a, 'SIGKILL');
    const run = place.start('--json', '--verbose', 'failover', '1', '--force');
    let isStarted = false;
    run.onLine((line) => {
      if (isStarted || !when.test(line)) return;
      isStarted = true;
      setTimeout(() => startServer(a), ms);
    });
    const { error } = documentOf(await run.done, 1);
    expect(isStarted).toBe(true);
    expect(error.message).toMatch(/a:\d+ is alive again: .*; it was not replaced/);
    await until(async () =>
      expect(await place.redis(b2, 'INFO', 'replication')).toContain('master_link_status:up'),
    );
    await until(async () => expect(await load.silence()).toBeLessThan(500), { timeoutMs: 60_000 });
    expect(await roleOf(a)).toBe('master');
    expect(await roleOf(b2)).toBe('replica');
    const report = await load.finish();
    tell('a master that came back', report);
    expect(report.lost).toBe(0);
  });

  it('does not replace it without being asked once it is interrupted', async () => {
    await place.signal(a, 'SIGKILL');
    const run = place.start('--json', '--verbose', 'failover', '1', '--force');
    let isInterrupted = false;
    run.onLine((line) => {
      if (isInterrupted || !/replaces .* \(force\) …$/.test(line)) return;
      isInterrupted = true;
      setTimeout(() => run.kill('SIGINT'), 900);
    });
    documentOf(await run.done, 130);
    expect(await roleOf(b2)).toBe('replica');
    await place.json(0, 'start');
    expect(await roleOf(a)).toBe('master');
  });
});

describe('a replica that still has the votes of an earlier election', () => {
  it('replaces a dead master in everybody’s eyes', async () => {
    await place.json(0, '--yes', 'failover', c2);
    await place.json(0, '--yes', 'failover', b);
    await place.signal(b, 'SIGKILL');
    const { moves } = await place.json(0, 'failover', b, '--force');
    expect(moves).toMatchObject([{ handOver: { from: b, to: c2, masterGone: true } }]);
    const slots = (await place.nodes(a)).find(({ port }) => port === place.addressOf(c2).port)?.slots;
    expect(slots).toEqual([[5461, 10922]]);
    await place.json(0, 'start');
    expect(await roleOf(b)).toBe('replica');
  });
});

describe('a replica that has taken over lately and is restarted', () => {
  it('takes its role back once the other masters have forgotten their votes, not before', async () => {
    const [, , c, a2] = place.ids;
    for (const id of place.ids) await place.redis(id, 'CONFIG', 'SET', 'cluster-node-timeout', '6000');
    await place.json(0, '--yes', 'failover', a2);
    const { restarted } = await place.json(0, 'restart', a2);
    expect(restarted).toMatchObject([{ node: a2 }]);
    expect(await roleOf(a2)).toBe('master');
    expect(await roleOf(c)).toBe('replica');
    const folder = join(place.state, 'weedgo-redis', 'rehearsal', String(place.addressOf(a2).port));
    expect(await readFile(join(folder, 'redis.log'), 'utf8')).not.toContain('Manual failover timed out');
  });
});
