import { describeShardCounts, shardCounts, type ShardCounts } from '../../cluster/counts.ts';
import { countSlots } from '../../cluster/slots.ts';
import type { Check, Finding } from '../check.ts';
import type { CheckInput } from '../input.ts';
import { isCountedIn } from '../identity.ts';
import { byHand, ours, redisCli } from '../remedy.ts';
import { titled } from '../shared.ts';
import { count, joinNames } from '../text.ts';
import type { Member, Topology } from '../topology.ts';

/**
 * As many shards as the inventory has, and no master that owns nothing: new nodes get no slots by themselves.
 */
export const shards: Check = {
  name: 'every master owns slots',
  section: 'cluster',
  cluster: true,
  run: (input, topology) => {
    const counts = shardCounts(input.inventory, topology.members);
    return [
      ...(counts ? [differ(input, topology, counts)] : []),
      ...emptyMasters(topology).map((member) => empty(input, member)),
    ];
  },
};

function differ({ inventory }: CheckInput, topology: Topology, counts: ShardCounts): Finding {
  const idle = counts.idle.map(({ id }) => id);
  return {
    id: 'WR-SHARDS-DIFFER',
    severity: 'critical',
    title: describeShardCounts(counts),
    nodes: idle,
    hosts: [],
    seen: [
      `${count(counts.cluster, 'master')} with slots`,
      ...(idle.length > 0 ? [`${joinNames(idle)} ${idle.length === 1 ? 'has' : 'have'} no part in it`] : []),
    ].join('; '),
    expected: `${count(counts.inventory, 'master')} with slots, as the inventory has it`,
    why: 'Provision refuses to work on half of a change: new masters would serve nothing, and their replicas protect nothing.',
    remedy: agree(inventory, topology, counts),
    explains: [
      { ids: ['WR-MASTER-EMPTY', 'WR-NODE-DOWN', 'WR-NODE-ALONE', 'WR-NODE-UNASKED'], nodes: idle },
      { ids: ['WR-REPLICAS-MISSING', 'WR-MASTERS-UNEVEN'] },
    ],
  };
}

/** Nodes that are in the cluster can be given slots; those that are not are taken out of the inventory. */
function agree(
  inventory: CheckInput['inventory'],
  topology: Topology,
  { cluster, inventory: wanted, idle }: ShardCounts,
): readonly string[] {
  const joined = emptyMasters(topology);
  const owner = topology.members.find(({ view, slots }) => view && countSlots(slots) > 0);
  if (owner && cluster + joined.length === wanted)
    return [redisCli(inventory, owner.node.id, rebalance), ours(inventory, 'provision')];
  return [
    byHand(
      idle.length > 0
        ? `take ${joinNames(idle.map(({ id }) => id))} out of the inventory, or move slots by hand`
        : "bring the inventory's ports and replicas back to what the cluster has",
    ),
    ours(inventory, 'verify'),
  ];
}

function rebalance({ address, port }: { readonly address: string; readonly port: number }): string {
  return `redis-cli --cluster rebalance ${address}:${port} --cluster-use-empty-masters`;
}

/** Those that other nodes count in; one that has not joined has a finding that says so. */
function emptyMasters(topology: Topology): readonly Member[] {
  return topology.members.filter(
    (member) =>
      member.view !== undefined &&
      member.role === 'master' &&
      countSlots(member.slots) === 0 &&
      isCountedIn(member, topology),
  );
}

function empty({ inventory }: CheckInput, { node, view }: Member): Finding {
  const keys = view?.keys ?? 0;
  return {
    id: 'WR-MASTER-EMPTY',
    severity: 'warning',
    ...titled(node.id, '{} {is a master|are masters} without slots'),
    nodes: [node.id],
    hosts: [],
    seen: `it owns no slots, replicates no node and holds ${count(keys, 'key')}`,
    expected: 'a master that owns slots, or a replica',
    why: 'It neither serves nor protects any data, so a shard has a copy less than the inventory says.',
    remedy:
      keys === 0
        ? [ours(inventory, 'provision')]
        : [
            byHand(`save the ${count(keys, 'key')} of ${node.id} elsewhere and empty it`),
            ours(inventory, 'provision'),
          ],
    passing: true,
  };
}
