import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RefusedError, UsageError } from '../../../src/errors.ts';
import { failover } from '../../../src/operations/failover.ts';
import type { FailoverReport, FailoverRequest } from '../../../src/operations/failover.ts';
import { lookAround } from '../../../src/operations/failover/look.ts';
import { awaitInSync } from '../../../src/operations/failover/await-sync.ts';
import { answering, startCluster } from './real-cluster.ts';
import type { RealCluster } from './real-cluster.ts';

let cluster: RealCluster;

beforeAll(async () => {
  cluster = await startCluster(17910);
});
afterAll(() => cluster.close());

const run = (request: Partial<FailoverRequest> & { readonly target: string }): Promise<FailoverReport> =>
  failover(cluster.open(), {
    mode: 'graceful',
    approval: answering(false),
    command: `failover ${request.target}`,
    ...request,
  });

describe('a graceful failover', () => {
  it('goes to the replica, there and back, and loses nothing', async () => {
    const first = await run({ target: 'local:17910', probe: { rate: 2000 } });
    expect(first.moves).toMatchObject([
      { handOver: { shard: 1, from: 'local:17910', to: 'local:17913', masterGone: false } },
    ]);
    const [move] = first.moves;
    expect(move?.probe).toMatchObject({ lost: 0, unread: 0, unacknowledged: 0, errors: {}, removed: true });
    expect(move?.probe?.acknowledged).toBeGreaterThan(500);
    expect(move?.handOver.epochs.after).toBeGreaterThan(move?.handOver.epochs.before ?? 0);
    console.log(JSON.stringify(first.moves, null, 1));
    const back = await run({ target: '1' });
    expect(back.moves).toMatchObject([{ handOver: { from: 'local:17913', to: 'local:17910' } }]);
  });

  it('for a replica promotes that one, for a host all masters', async () => {
    await run({ target: 'local:17914' });
    const situation = await lookAround(cluster.open());
    expect(situation.shards.map(({ master }) => master.node.port)).toEqual([17910, 17914, 17912]);
    const all = await run({ target: 'local' });
    expect(all.moves.map(({ handOver }) => handOver.to)).toEqual([
      'local:17913',
      'local:17911',
      'local:17915',
    ]);
  });

  it('knows no target but those of the inventory', async () => {
    await expect(run({ target: 'local:1' })).rejects.toThrow(UsageError);
  });
});
