import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { until } from '../../support/until.ts';
import { startLoad, tell } from './load.ts';
import type { Load } from './load.ts';
import { createPlace, password } from './place.ts';
import type { Place } from './place.ts';

vi.setConfig({ testTimeout: 400_000, hookTimeout: 400_000 });

/** A short timeout, since two elections of one replica are 4 times as long apart. */
const config = (maxmemory: string): object => ({ 'cluster-node-timeout': 1000, maxmemory });

let place: Place;
let load: Load;

beforeAll(async () => {
  place = await createPlace(17940, { config: config('200mb') });
});
afterAll(() => place.close());

type Kill = {
  readonly args: readonly string[];
  /** What the command says when it begins what it is killed in, and how many ms later it is killed. */
  readonly points: readonly (readonly [begins: RegExp, ms: number])[];
  /** Makes sure that there is something to do. */
  readonly prepare: () => Promise<unknown>;
};

const moving = /takes over from .* …$/;

/** Every command that moves masters finds them where the inventory has them. */
const balanced = (): Promise<unknown> => place.json(0, '--yes', 'balance-masters');

const graceful: readonly Kill[] = [
  {
    args: ['--yes', 'failover', '1', '--probe'],
    points: [
      [moving, 0],
      [moving, 60],
      [moving, 350],
    ],
    prepare: balanced,
  },
  {
    args: ['--yes', 'drain', 'a'],
    points: [
      [moving, 0],
      [moving, 60],
    ],
    prepare: async () => {
      await place.json(0, '--yes', 'undrain', 'a');
      await balanced();
    },
  },
  {
    args: ['--yes', 'undrain', 'a'],
    points: [
      [/^\s*wait until the nodes of a are in sync …$/, 0],
      [moving, 0],
      [moving, 60],
    ],
    prepare: () => place.json(0, '--yes', 'drain', 'a'),
  },
  {
    args: ['--yes', 'balance-masters'],
    points: [
      [moving, 0],
      [moving, 60],
    ],
    prepare: () => place.json(0, '--yes', 'failover', '2'),
  },
  {
    args: ['restart', 'b'],
    points: [
      [/restart b:\d+ …$/, 0],
      [/restart b:\d+ …$/, 100],
      [moving, 60],
    ],
    prepare: balanced,
  },
];

const drill: Kill = {
  args: ['drill', '3', '--confirm', 'rehearsal'],
  points: [
    [/kill c:\d+ and watch …$/, 300],
    [/start c:\d+ again …$/, 50],
  ],
  prepare: balanced,
};

const provisionPoints = [
  [0, /Change settings of running nodes …$/],
  [0, /Install, configure and start the nodes …$/],
  [100, /Install, configure and start the nodes …$/],
] as const;

const pointsOf = (kills: readonly Kill[]): readonly (Kill & { what: string; begins: RegExp; ms: number })[] =>
  kills.flatMap((kill) =>
    kill.points.map(([begins, ms]) => ({ ...kill, what: kill.args.join(' '), begins, ms })),
  );

/** Runs a command and kills it `ms` after it has begun something. */
async function killIn(args: readonly string[], begins: RegExp, ms: number): Promise<void> {
  const run = place.start(...args);
  let isArmed = false;
  run.onLine((line) => {
    if (isArmed || !begins.test(line)) return;
    isArmed = true;
    setTimeout(() => run.kill('SIGKILL'), ms);
  });
  const { code, stderr } = await run.done;
  expect(code, stderr).toBe(137);
}

/** Every slot is served, and every replica follows its master. */
const isWhole = (): Promise<void> =>
  until(
    async () => {
      for (const id of place.ids) {
        expect(await place.redis(id, 'CLUSTER', 'INFO')).toContain('cluster_state:ok');
        expect(await place.redis(id, 'INFO', 'replication')).not.toContain('master_link_status:down');
      }
    },
    { timeoutMs: 60_000 },
  );

/** Every slot is served, by those that are up. */
const isServed = (): Promise<void> =>
  until(
    async () => {
      for (const id of place.ids.slice(0, 2))
        expect(await place.redis(id, 'CLUSTER', 'INFO')).toContain('cluster_state:ok');
    },
    { timeoutMs: 60_000 },
  );

const setNodeTimeout = async (ids: readonly string[], ms: number): Promise<void> => {
  for (const id of ids) await place.redis(id, 'CONFIG', 'SET', 'cluster-node-timeout', String(ms));
};

const forcePoints = [
  [0, 0],
  [1, 30],
] as const;

// First, while no replica has the votes of an earlier election.
describe('an operator’s process that is killed while it replaces a dead master', () => {
  it.each(forcePoints)('node %i, %i ms after it has begun: a rerun completes', async (index, ms) => {
    const dead = place.ids[index] ?? '';
    const others = place.ids.filter((id) => id !== dead);
    // Long enough that the cluster itself does not come first.
    await setNodeTimeout(place.ids, 30_000);
    await place.signal(dead, 'SIGKILL');
    await killIn(['--yes', 'failover', dead, '--force'], /replaces .* …$/, ms);
    await place.json(0, '--yes', 'failover', dead, '--force');
    for (const id of others) {
      const line = (await place.nodes(id)).find(({ port }) => port === place.addressOf(dead).port);
      expect(line?.slots).toEqual([]);
    }
    await setNodeTimeout(others, 1000);
    await place.json(0, 'start');
    await isWhole();
  });
});

describe('an operator’s process that is killed, under load', () => {
  beforeAll(async () => {
    load = await startLoad(place.ids.map(place.addressOf), password);
  });

  it.each(pointsOf(graceful))(
    '$ms ms into $begins of $what: the lock goes, the cluster is whole, a rerun completes',
    async ({ args, begins, ms, prepare }) => {
      await prepare();
      await killIn(args, begins, ms);
      await place.json(0, ...args);
      await isWhole();
    },
  );

  it.each(provisionPoints)('%i ms into %s of provision: a rerun changes the rest', async (ms, begins) => {
    const was = await place.redis(place.ids[0], 'CONFIG', 'GET', 'maxmemory');
    const wanted = was.includes(String(200 * 2 ** 20)) ? 150 : 200;
    const file = join(place.dir, 'weedgo-redis.yaml');
    const inventory = JSON.parse(await readFile(file, 'utf8')) as object;
    await place.setInventory({ ...inventory, config: config(`${wanted}mb`) });
    await killIn(['provision'], begins, ms);
    await place.json(0, 'provision');
    await isWhole();
    for (const id of place.ids)
      expect(await place.redis(id, 'CONFIG', 'GET', 'maxmemory')).toContain(String(wanted * 2 ** 20));
    await place.json(0, 'plan', '--exit-code');
  });

  it('has lost no write of a foreign client', async () => {
    const report = await load.finish();
    tell('commands killed under ioredis', report);
    expect(report.lost).toBe(0);
  });

  // A master's crash may cost writes: that is measured in the drill's own tests.
  it.each(pointsOf([drill]))(
    '$ms ms into $begins of a drill: the cluster serves all slots, a rerun starts the node first',
    async ({ args, begins, ms, prepare }) => {
      await prepare();
      await killIn(args, begins, ms);
      await isServed();
      await place.json(0, ...args);
      await isWhole();
    },
  );

  it('is in the history, and every command after it', async () => {
    const { entries } = await place.json(0, 'history', '--limit', '200');
    const outcomes = entries.map(({ outcome }: { outcome: string }) => outcome);
    const kills = forcePoints.length + pointsOf([...graceful, drill]).length + provisionPoints.length;
    expect(outcomes.filter((outcome: string) => outcome === 'abandoned')).toHaveLength(kills);
    expect(outcomes).not.toContain('failed');
  });
});
