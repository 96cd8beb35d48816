import type { Node } from '../../inventory/inventory.ts';
import { preferredMaster } from '../../inventory/topology.ts';
import type { Check, Finding } from '../check.ts';
import type { CheckInput } from '../input.ts';
import { call, ours } from '../remedy.ts';
import type { Member, Shard, Topology } from '../topology.ts';

/** No replica on its master's host, nor in its zone, unless the inventory itself puts it there. */
export const placement: Check = {
  name: 'replicas apart from their masters',
  section: 'redundancy',
  cluster: true,
  run: (input, topology) =>
    misplaced(input, topology).map(({ replica, shard, same }) =>
      together(input, topology, { replica, shard, same }),
    ),
};

export type Misplaced = { readonly replica: Member; readonly shard: Shard; readonly same: 'host' | 'zone' };

/** Replicas that share their master's host or zone although the inventory's own layout keeps them apart. */
export function misplaced({ inventory }: CheckInput, { shards }: Topology): readonly Misplaced[] {
  return shards.flatMap((shard) =>
    shard.replicas.flatMap((replica) => {
      const same = shared(replica.node, shard.master.node);
      const preferred = shared(replica.node, preferredMaster(inventory, replica.node));
      const isMeant = replica.node.preferredRole === 'replica' && same === preferred;
      return same === undefined || isMeant || inventory.antiAffinity === 'none'
        ? []
        : [{ replica, shard, same }];
    }),
  );
}

function shared(one: Node, other: Node): 'host' | 'zone' | undefined {
  if (one.id === other.id) return undefined;
  if (one.host === other.host) return 'host';
  return one.zone !== undefined && one.zone === other.zone ? 'zone' : undefined;
}

function together(input: CheckInput, topology: Topology, { replica, shard, same }: Misplaced): Finding {
  const { node } = replica;
  const place = same === 'host' ? `host ${node.host}` : `zone ${node.zone ?? ''}`;
  const bare = topology.shards.filter(
    ({ master, replicas }) => master.slots.length > 0 && replicas.length < input.inventory.replicas,
  );
  return {
    id: same === 'host' ? 'WR-REPLICA-SAME-HOST' : 'WR-REPLICA-SAME-ZONE',
    severity: same === 'host' ? 'critical' : 'warning',
    title: `${node.id} replicates ${shard.master.node.id} on the same ${same}`,
    nodes: [node.id, shard.master.node.id],
    hosts: same === 'host' ? [node.host] : [],
    seen: [
      `master and replica of shard ${shard.number} are both in ${place}`.replace('in host', 'on host'),
      ...bare.map(({ number, master }) => `shard ${number} (${master.node.id}) is short of a replica`),
    ].join('; '),
    expected: `a replica on another ${same} than its master`,
    why: `When the ${same} is lost, so is every copy that this replica was there to keep.`,
    remedy: moveTo(input, topology, { replica, shard }),
  };
}

/**
 * Where the inventory has it, else to the shard on another host that has the fewest replicas; and from there
 * one to the shard that it leaves, when that would be left short.
 */
function moveTo(
  { inventory }: CheckInput,
  { shards }: Topology,
  { replica: { node }, shard: source }: Pick<Misplaced, 'replica' | 'shard'>,
): readonly string[] {
  const fits = shards
    .filter((shard) => shard !== source && shard.master.slots.length > 0 && isApart(node, shard))
    .toSorted((a, b) => a.replicas.length - b.replicas.length);
  const target = fits.find(({ number }) => number === node.shard) ?? fits[0];
  if (!target) return [ours(inventory, 'balance-masters')];
  const isShort =
    source.replicas.length <= inventory.replicas && target.replicas.length >= inventory.replicas;
  const others = target.replicas.filter((other) => isApart(other.node, source));
  const swap = isShort
    ? (others.find((other) => other.node.shard === source.number) ?? others[0])
    : undefined;
  return [
    call(inventory, node.id, 'CLUSTER', 'REPLICATE', target.master.nodeId),
    ...(swap ? [call(inventory, swap.node.id, 'CLUSTER', 'REPLICATE', source.master.nodeId)] : []),
  ];
}

function isApart(node: Node, { master }: Shard): boolean {
  return shared(node, master.node) === undefined;
}
