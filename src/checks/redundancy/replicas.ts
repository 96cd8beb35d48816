import { assignReplicas } from '../../cluster/assign.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import type { Check, Finding, FindingId } from '../check.ts';
import { call, ours } from '../remedy.ts';
import { count, joinNames } from '../text.ts';
import type { Member, Shard, Topology } from '../topology.ts';
import { misplaced } from './placement.ts';

/** As many replicas for every master as the inventory says. */
export const replicas: Check = {
  name: 'replicas per master',
  section: 'redundancy',
  cluster: true,
  run: (input, topology) => {
    const { inventory } = input;
    const short = topology.shards.filter(
      ({ master, replicas: own }) => master.slots.length > 0 && own.length < inventory.replicas,
    );
    const missing = short.reduce((sum, { replicas: own }) => sum + inventory.replicas - own.length, 0);
    // Every node that is away, misplaced or idle can account for one missing replica, wherever it belonged.
    const away = [
      ...topology.out,
      ...misplaced(input, topology).map(({ replica }) => replica.node.id),
      ...idleMasters(topology).map(({ node }) => node.id),
    ];
    const dueTo = missing <= away.length ? [{ ids: causes, nodes: away }] : [];
    const spare = spareReplicas(inventory.replicas, topology);
    const places = assignReplicas(
      inventory,
      spare.map(({ node }) => node),
      short.map((shard) => ({
        shard,
        master: shard.master.node,
        room: inventory.replicas - shard.replicas.length,
      })),
    );
    return short.map((shard) => {
      const taken = spare.find(({ node }) => places.get(node) === shard);
      return { ...tooFew(inventory, shard, { spare, taken }), dueTo };
    });
  },
};

const causes: readonly FindingId[] = [
  'WR-NODE-UNASKED',
  'WR-NODE-ALONE',
  'WR-NODE-FORGOTTEN',
  'WR-NODE-IDENTITY',
  'WR-NODE-ID-TWICE',
  'WR-MASTER-EMPTY',
  'WR-REPLICA-SAME-HOST',
  'WR-REPLICA-SAME-ZONE',
];

type Help = {
  readonly spare: readonly Member[];
  /** The one of them that this shard may have. */
  readonly taken: Member | undefined;
};

function tooFew(inventory: Inventory, shard: Shard, { spare, taken }: Help): Finding {
  const { master, replicas: own, number } = shard;
  return {
    id: 'WR-REPLICAS-MISSING',
    severity: own.length === 0 ? 'critical' : 'warning',
    title: `shard ${number} has ${count(own.length, 'replica')} instead of ${inventory.replicas}`,
    nodes: [master.node.id],
    hosts: [],
    seen: [
      own.length === 0
        ? `nothing replicates ${master.node.id}`
        : `only ${joinNames(own.map(({ node }) => node.id))} replicates ${master.node.id}`,
      ...(spare.length > 0 ? [`${joinNames(spare.map(({ node }) => node.id))} could`] : []),
    ].join('; '),
    expected: `${count(inventory.replicas, 'replica')} for every master`,
    why: 'When this master is lost its slots are lost with it, or the next loss takes them.',
    remedy: [
      taken
        ? call(inventory, taken.node.id, 'CLUSTER', 'REPLICATE', master.nodeId)
        : ours(inventory, 'provision'),
    ],
  };
}

/** Replicas of shards that have more than enough, and masters of nothing. */
function spareReplicas(wanted: number, topology: Topology): readonly Member[] {
  return [...topology.shards.flatMap(({ replicas: own }) => own.slice(wanted)), ...idleMasters(topology)];
}

function idleMasters({ members }: Topology): readonly Member[] {
  return members.filter(
    ({ role, slots, view, nodeId }) =>
      role === 'master' && view && slots.length === 0 && !members.some(({ masterId }) => masterId === nodeId),
  );
}
