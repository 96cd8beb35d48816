import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../../support/until.ts';
import { createScene, ids, type Scene, seeAndFixScene, untilInfo } from './scene.ts';

/** Five shards on five hosts in three zones: enough that a host may have a master more. */
let scene: Scene;

const zones = { redis1: 'a', redis2: 'a', redis3: 'b', redis4: 'b', redis5: 'c' } as const;

beforeAll(async () => {
  scene = await createScene(
    Object.fromEntries(
      Object.entries(zones).map(([name, zone], index) => [
        name,
        { zone, ports: [18_620 + index, 18_625 + index] },
      ]),
    ),
  );
});

afterAll(() => scene?.close());

type Shard = { readonly master: string; readonly replica: string };

const hostOf = (node: string): string => node.split(':')[0] ?? '';
const zoneOf = (node: string): string | undefined =>
  Object.entries(zones).find(([name]) => name === hostOf(node))?.[1];

async function shardsNow(): Promise<readonly Shard[]> {
  const { nodes } = await scene.verify();
  return nodes.flatMap(({ node, master }) => (master === null ? [] : [{ master, replica: node }]));
}

function find(shards: readonly Shard[], isWanted: (shard: Shard) => boolean): Shard {
  const found = shards.find(isWanted);
  if (!found) throw new Error(`no such shard: ${JSON.stringify(shards)}`);
  return found;
}

async function follow(replica: string, master: string): Promise<void> {
  await scene.redis(replica, 'CLUSTER', 'REPLICATE', await scene.redis(master, 'CLUSTER', 'MYID'));
  await untilInfo(scene, replica, { master_port: master.split(':')[1] ?? '', master_link_status: 'up' });
}

async function takeOver({ master, replica }: Shard): Promise<void> {
  await untilInfo(scene, replica, { master_link_status: 'up' });
  await scene.redis(replica, 'CLUSTER', 'FAILOVER');
  await untilInfo(scene, replica, { role: 'master' });
  await untilInfo(scene, master, { role: 'slave', master_link_status: 'up' });
}

test('a replica in the zone of its master', async () => {
  const shards = await shardsNow();
  const one = find(shards, ({ master }) => zoneOf(master) === 'a');
  // Its replica changes places with one of the same zone, and keeps another zone than its new master.
  const other = find(
    shards,
    ({ master, replica }) =>
      zoneOf(replica) === 'a' &&
      hostOf(replica) !== hostOf(one.master) &&
      zoneOf(master) !== zoneOf(one.replica),
  );
  await follow(other.replica, one.master);
  await follow(one.replica, other.master);
  const { findings } = await seeAndFixScene(scene, ['WR-REPLICA-SAME-ZONE']);
  expect(findings[0]?.nodes).toEqual([other.replica, one.master]);
});

test('a host that carries a master more', async () => {
  const shards = await shardsNow();
  await takeOver(find(shards, ({ replica }) => zoneOf(replica) === 'c'));
  const { findings } = await seeAndFixScene(scene, ['WR-MASTERS-UNEVEN']);
  expect(findings[0]?.hosts).toEqual(['redis5']);
});

test('a zone that has most of the masters', async () => {
  await until(async () => expect(ids(await scene.verify())).toEqual([]));
  const shards = await shardsNow();
  await takeOver(find(shards, ({ master, replica }) => zoneOf(replica) === 'a' && zoneOf(master) !== 'a'));
  const { findings } = await seeAndFixScene(scene, ['WR-ZONE-LOSS']);
  expect(findings[0]?.title).toContain('zone a');
});
