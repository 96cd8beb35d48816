import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { until } from '../../support/until.ts';
import { createPlace, password } from './place.ts';
import type { Place } from './place.ts';

vi.setConfig({ testTimeout: 400_000, hookTimeout: 400_000 });

let place: Place;
let [a, b, c, a2, b2, c2] = ['', '', '', '', '', ''];

beforeAll(async () => {
  place = await createPlace(17960);
  [a, b, c, a2, b2, c2] = place.ids;
});
afterAll(() => place.close());

/** Fails over until it is refused for this reason; what is refused changes nothing. */
const refusal = async (pattern: RegExp, ...args: string[]): Promise<readonly string[]> => {
  const { error } = await place.json(4, '--yes', 'failover', ...args);
  expect(error.message).toMatch(pattern);
  expect(error.hints).not.toEqual([]);
  return error.hints;
};

const healed = (): Promise<void> =>
  until(
    async () => {
      for (const id of place.ids) {
        expect(await place.redis(id, 'CLUSTER', 'INFO')).toContain('cluster_state:ok');
        expect(await place.redis(id, 'INFO', 'replication')).not.toContain('master_link_status:down');
        for (const { flags } of await place.nodes(id)) expect(flags).not.toContain('fail');
      }
    },
    { timeoutMs: 120_000 },
  );

describe('a failover is refused, with the reason and what to do', () => {
  it('when the replica’s link is down', async () => {
    await place.redis(b2, 'CONFIG', 'SET', 'masterauth', 'wrong');
    await place.redis(b2, 'CLIENT', 'KILL', 'TYPE', 'master');
    await until(async () =>
      expect(await place.redis(b2, 'INFO', 'replication')).toContain('master_link_status:down'),
    );
    await refusal(/replication link is down/, a);
    await refusal(/replication link is down/, b2);
    await place.redis(b2, 'CONFIG', 'SET', 'masterauth', password);
    await healed();
  });

  it('when the replica does not answer', async () => {
    await place.paused([b2], () => refusal(new RegExp(`${b2} does not respond`), a));
    await healed();
  });

  it('when the replica lags beyond --max-lag', async () => {
    // A replica whose writes are held back reads its master's stream and does not apply it.
    await place.redis(b2, 'CLIENT', 'PAUSE', '600000', 'WRITE');
    try {
      await place.redis(a, 'SET', '{06S}', 'x'.repeat(100_000));
      await refusal(/bytes behind .*; at most 65536 are allowed/, a, '--max-lag', '64kb');
      await refusal(/is linked but does not follow/, a);
    } finally {
      await place.redis(b2, 'CLIENT', 'UNPAUSE');
    }
  });

  it('when a master has failed and its replicas are about to elect a successor', async () => {
    await place.redis(c2, 'CONFIG', 'SET', 'cluster-replica-no-failover', 'yes');
    await place.paused([b], async () => {
      await until(
        async () => {
          const line = (await place.nodes(a)).find(({ port }) => port === place.addressOf(b).port);
          expect(line?.flags).toContain('fail');
        },
        { timeoutMs: 120_000 },
      );
      await refusal(/another failover runs: .* has failed/, a);
    });
    await place.redis(c2, 'CONFIG', 'SET', 'cluster-replica-no-failover', 'no');
    await healed();
  });

  it('when slots are uncovered', async () => {
    for (const id of place.ids) await place.redis(id, 'CLUSTER', 'DELSLOTS', '16383');
    await refusal(/slots 16383 are served by no node/, a);
    await place.redis(c, 'CLUSTER', 'ADDSLOTS', '16383');
    await healed();
  });

  it('when slots are on the move', async () => {
    const target = (await place.nodes(b)).find(({ flags }) => flags.includes('myself'))?.nodeId ?? '';
    await place.redis(a, 'CLUSTER', 'SETSLOT', '1', 'MIGRATING', target);
    await refusal(/is moving 1 slots/, a);
    await place.redis(a, 'CLUSTER', 'SETSLOT', '1', 'STABLE');
  });

  it('when there is no majority', async () => {
    for (const id of [a2, b2, c2])
      await place.redis(id, 'CONFIG', 'SET', 'cluster-replica-no-failover', 'yes');
    await place.paused([b, c], async () => {
      const hints = await refusal(/only 1 of 3 masters take part/, a);
      expect(hints.join()).toContain('--takeover');
      await refusal(/only 1 of 3 masters take part/, c2, '--force');
    });
    for (const id of [a2, b2, c2])
      await place.redis(id, 'CONFIG', 'SET', 'cluster-replica-no-failover', 'no');
    await healed();
  });

  it('and when all is well again it is done', async () => {
    const { moves } = await place.json(0, '--yes', 'failover', a, '--probe');
    expect(moves[0].probe.lost).toBe(0);
  });
});
