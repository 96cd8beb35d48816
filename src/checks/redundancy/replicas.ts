import type { Inventory } from '../../inventory/inventory.ts';
import type { Check, Finding } from '../check.ts';
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
    // Nodes that are out have findings that say which shard they leave bare; so have misplaced replicas.
    const explained = topology.out.size + misplaced(input, topology).length;
    if (missing <= explained) return [];
    const spare = spareReplicas(inventory.replicas, topology);
    const allotted = allot(short, spare);
    return short.map((shard) => tooFew(inventory, shard, { spare, taken: allotted.get(shard) }));
  },
};

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
function spareReplicas(wanted: number, { shards, members }: Topology): readonly Member[] {
  const surplus = shards.flatMap(({ replicas: own }) => own.slice(wanted));
  const idle = members.filter(
    ({ role, slots, view, nodeId }) =>
      role === 'master' && view && slots.length === 0 && !members.some(({ masterId }) => masterId === nodeId),
  );
  return [...surplus, ...idle];
}

/** A spare replica on another host for each shard, none twice: first those that the inventory put there. */
function allot(short: readonly Shard[], spare: readonly Member[]): ReadonlyMap<Shard, Member> {
  const allotted = new Map<Shard, Member>();
  for (const atHome of [true, false]) {
    for (const shard of short.filter((candidate) => !allotted.has(candidate))) {
      const taken = [...allotted.values()];
      const found = spare.find(
        (member) =>
          !taken.includes(member) &&
          member.node.host !== shard.master.node.host &&
          (member.node.shard === shard.number || !atHome),
      );
      if (found) allotted.set(shard, found);
    }
  }
  return allotted;
}
