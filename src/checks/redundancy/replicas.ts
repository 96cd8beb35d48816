import type { Check, CheckInput, Finding } from '../check.ts';
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
    return missing <= explained ? [] : short.map((shard) => tooFew(input, topology, shard));
  },
};

function tooFew({ inventory }: CheckInput, topology: Topology, shard: Shard): Finding {
  const { master, replicas: own, number } = shard;
  const spare = spareReplicas(inventory.replicas, topology);
  const spareNames = spare.map(({ node }) => node.id);
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
      ...(spare.length > 0 ? [`${joinNames(spareNames)} could`] : []),
    ].join('; '),
    expected: `${count(inventory.replicas, 'replica')} for every master`,
    why: 'When this master is lost its slots are lost with it, or the next loss takes them.',
    remedy: remedyFor(inventory, shard, spare),
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

/** The spare replica that the inventory put there, else one on another host. */
function remedyFor(
  inventory: CheckInput['inventory'],
  { master, number }: Shard,
  spare: readonly Member[],
): readonly string[] {
  const elsewhere = spare.filter(({ node }) => node.host !== master.node.host);
  const taken = elsewhere.find(({ node }) => node.shard === number) ?? elsewhere[0];
  return taken
    ? [call(inventory, taken.node.id, 'CLUSTER', 'REPLICATE', master.nodeId)]
    : [ours(inventory, 'provision')];
}
