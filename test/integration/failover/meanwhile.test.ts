import { spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { OperationError } from '../../../src/base/errors.ts';
import { loadInventory } from '../../../src/inventory/load.ts';
import type { Approval } from '../../../src/session/approval.ts';
import { drill } from '../../../src/operations/drill/drill.ts';
import { failover } from '../../../src/operations/failover/failover.ts';
import { restart } from '../../../src/operations/restart/restart.ts';
import type { Session } from '../../../src/session/session.ts';
import { isFailure } from '../../../src/redis/connection.ts';
import { until } from '../../support/until.ts';
import { createPlace, password } from './place.ts';
import type { Place } from './place.ts';
import { openLocalSession } from './session.ts';
import type { TestSession } from './session.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 400_000 });

// What changes between a look at the cluster and what is done on the strength of it.

let place: Place;
let session: TestSession;
let [a, b, b2] = ['', '', ''];

beforeAll(async () => {
  place = await createPlace(18040, {}, { own: true });
  [a, b, , , b2] = place.ids;
  process.env['XDG_STATE_HOME'] = place.state;
});
beforeEach(async () => {
  await session?.close();
  session = openLocalSession(await loadInventory(join(place.dir, 'weedgo-redis.yaml')), password);
});
afterAll(async () => {
  await session?.close();
  await place?.close();
});

const runId = async (id: string): Promise<string | undefined> =>
  /run_id:(\w+)/.exec(await place.redis(id, 'INFO', 'server'))?.[1];

const folder = (id: string): string =>
  join(place.state, 'weedgo-redis', 'rehearsal', String(place.addressOf(id).port));

/** Types the name after `meanwhile`. */
const answering = (name: string, meanwhile: () => Promise<unknown>): Approval => ({
  agree: async () => true,
  type: async () => {
    await meanwhile();
    return name;
  },
});

const drillOf = (target: string, how: Session, approval: Approval) =>
  drill(how, { target, how: 'kill', iKnow: false, probe: { rate: 100 }, approval, command: 'drill' });

describe('a drill', () => {
  it('does not begin when the replica has gone while the question was open', async () => {
    const before = await runId(a);
    const approval = answering('rehearsal', () => place.signal(b2, 'SIGKILL'));
    await expect(drillOf('1', session, approval)).rejects.toThrow(b2);
    expect(await runId(a)).toBe(before);
    await place.json(0, 'start');
  });

  it('that is interrupted while the role is given back stops nothing that serves', async () => {
    let started: string | undefined;
    const interrupted: Session = {
      ...session,
      emit: (event) => {
        if (event.type !== 'stage-started' || event.stage !== 'failover') return;
        started = event.title;
        session.abort.abort();
      },
    };
    const at: { runId?: string | undefined } = {};
    const approval = answering('rehearsal', async () => undefined);
    const watching = until(
      async () => {
        expect(started).toBeDefined();
        at.runId = await runId(a);
      },
      { timeoutMs: 120_000 },
    );
    await expect(drillOf('1', interrupted, approval)).rejects.toThrow(/interrupted/);
    await watching;
    expect(await runId(a)).toBe(at.runId);
    await place.json(0, 'balance-masters');
  });

  it('that was killed is over when its node was started', async () => {
    const run = place.start('drill', '1', '--confirm', 'rehearsal');
    let isBegun = false;
    run.onLine((line) => {
      isBegun ||= line.includes('kill a:') && line.includes('…');
    });
    await until(async () => {
      expect(isBegun).toBe(true);
      expect(await place.redis(a, 'PING').catch(() => 'gone')).toBe('gone');
    });
    run.kill('SIGKILL');
    await run.done;
    await until(async () => expect(await place.redis(b2, 'ROLE')).toContain('master'));
    await place.json(0, 'start');
    await place.json(0, 'balance-masters');
    const report = await place.json(0, 'verify');
    expect(report.findings).toEqual([]);
  });
});

describe('a replacement by force', () => {
  it('is refused when the copy has gone while the question was open', async () => {
    const key = await keyOf(a);
    await place.redis(a, 'SET', key, 'kept');
    const approval = answering('shard-1', async () => {
      await place.signal(b2, 'SIGKILL');
      await until(async () => expect(await place.redis(b2, 'PING').catch(() => 'gone')).toBe('gone'));
      for (const name of ['appendonlydir', 'dump.rdb'])
        await rm(join(folder(b2), 'data', name), { recursive: true, force: true });
      spawn('redis-server', [join(folder(b2), 'redis.conf'), '--masterauth', 'wrong'], {
        stdio: 'ignore',
      }).unref();
      await until(async () => expect(await place.redis(b2, 'DBSIZE')).toBe('0'));
    });
    const request = { target: a, mode: 'force', approval, command: 'failover' } as const;
    await expect(failover(session, request)).rejects.toThrow(/holds no copy/);
    expect(await place.redis(a, 'GET', key)).toBe('kept');
    await place.redis(b2, 'CONFIG', 'SET', 'masterauth', password);
    await until(async () =>
      expect(await place.redis(b2, 'INFO', 'replication')).toContain('master_link_status:up'),
    );
  });
});

describe('a rolling restart', () => {
  it('does not take a master for down because one question to it was lost', async () => {
    const before = await runId(b);
    let asked = 0;
    const lossy: Session = {
      ...session,
      redis: async (node) => {
        const connection = await session.redis(node);
        if (isFailure(connection) || node.id !== b) return connection;
        return {
          ...connection,
          call: (command, options) =>
            command.join(' ') === 'INFO server' && (asked += 1) === 3
              ? Promise.reject(new OperationError(`${b} closed the connection`))
              : connection.call(command, options),
        };
      },
    };
    const request = { target: b, fresh: false, approval: answering('', async () => {}), command: 'restart' };
    await expect(restart(lossy, request)).rejects.toThrow(`${b} is the master of slots`);
    expect(await runId(b)).toBe(before);
    // Nothing speaks against the same command.
    await place.json(0, 'restart', b);
    expect(await runId(b)).not.toBe(before);
  });
});

/** A key of the master's slots. */
async function keyOf(id: string): Promise<string> {
  for (let index = 0; ; index += 1) {
    const slot = Number(await place.redis(id, 'CLUSTER', 'KEYSLOT', `key-${index}`));
    if (slot < 5461) return `key-${index}`;
  }
}
