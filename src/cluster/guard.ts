import type { Inventory } from '../inventory/inventory.ts';
import { describeShardCounts, shardCounts } from './counts.ts';
import { plannedSlots, shardsWith } from './placement.ts';
import { type Member, membersOf, ownLine, reachableNodes, standsAt, twinsOf, unownedSlots } from './shape.ts';
import { guardPartition } from './guard-partition.ts';
import { startWithout } from './lost.ts';
import type { Refusal } from './refusal.ts';
import { countSlots, describeRanges, intersectSlots, subtractSlots } from './slots.ts';
import type { ClusterView, NodeLine, NodeView, ReachableView, SlotRange } from './view.ts';

/**
 * What forbids forming, e.g. a node that rejects the inventory's password, runs in another mode, knows nodes
 * outside the inventory, holds keys or owns slots that the inventory does not account for. Empty for bare
 * nodes, for what an interrupted forming left, and for the whole cluster, wherever roles and slots have
 * moved. `lost`: slots whose keys are known to be lost, so that it does not matter which node owned them.
 */
export function guardForm(
  inventory: Inventory,
  view: ClusterView,
  lost: readonly SlotRange[] = [],
): readonly Refusal[] {
  const modes = view.nodes.flatMap((node) => guardMode(inventory, node));
  if (inventory.mode === 'standalone') return modes;
  const twins = twinsOf(reachableNodes(view)).map(guardTwins);
  if (twins.length > 0) return [...modes, ...twins];
  const members = membersOf(inventory, view);
  const cut = guardPartition(inventory, view);
  if (cut.length > 0) return [...modes, ...cut];
  const each = reachableNodes(view).flatMap((node) => [
    ...guardStrangers(inventory, node, members),
    ...guardKeys(node),
    ...guardLoneSlots(inventory, node),
  ]);
  const refusals = [...modes, ...each, ...guardDoubleOwners(view, members)];
  if (refusals.length > 0) return refusals;
  return [
    ...guardUnowned(inventory, view, subtractSlots(unownedSlots(members), lost)),
    ...guardShardCount(inventory, members),
  ];
}

/** Two nodes under one id are one node to all others: nothing that is done by id reaches the right one. */
export function guardTwins(twins: readonly ReachableView[]): Refusal {
  const names = twins.map(({ node }) => node);
  return refuse(
    names.at(-1) ?? '',
    `${names.join(' and ')} run under one node id (${twins[0]?.nodeId ?? ''}): one data folder is a copy of the other, or the inventory lists one server twice`,
    'Run weedgo-redis verify: it says which one is the copy and how to set it aside.',
  );
}

/** Slots are not moved, so a shard more or less than the cluster has can only be half done. */
function guardShardCount(inventory: Inventory, members: readonly Member[]): readonly Refusal[] {
  const counts = shardCounts(inventory, members);
  if (counts === undefined) return [];
  const [idle] = counts.idle;
  return [
    {
      node: idle?.id ?? inventory.nodes[0]?.id ?? '',
      reason: describeShardCounts(counts),
      hints: [
        counts.idle.length > 0
          ? `Take ${joinSome(counts.idle.map(({ id }) => id))} out of the inventory, or move slots yourself first.`
          : "Bring the inventory's ports and replicas back to what the cluster has.",
      ],
    },
  ];
}

function joinSome(names: readonly string[]): string {
  const shown = names.length > 6 ? [...names.slice(0, 6), `${names.length - 6} more`] : names;
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}

export function guardMode({ mode }: Inventory, view: NodeView): readonly Refusal[] {
  const { node } = view;
  if (!view.reachable) {
    return view.failure === 'auth'
      ? [
          refuse(
            node,
            view.reason,
            'A server is running there that does not have this password: choose another port, or give its password.',
          ),
        ]
      : [];
  }
  const standalone = view.info['cluster_enabled'] === '0';
  if (standalone === (mode === 'standalone')) return [];
  return standalone
    ? [refuse(node, 'it runs without cluster-enabled', 'Stop that server, or choose another port.')]
    : [refuse(node, 'it runs with cluster-enabled', 'Stop that server, or choose another port.')];
}

/** Nodes that it knows and that are not of the inventory, or that have come back there as somebody else. */
function guardStrangers(
  inventory: Inventory,
  view: ReachableView,
  members: readonly Member[],
): readonly Refusal[] {
  const ours = new Map(members.map((member) => [member.nodeId, member]));
  const strangers = view.nodes.filter((line) => !ours.has(line.nodeId));
  return strangers.flatMap((line) => {
    const place = inventory.nodes.find((node) => standsAt(line, node));
    if (!place) return foreign(view.node, line);
    const resident = members.find(({ node, source }) => node === place && source === 'own');
    if (!resident || line.flags.includes('handshake')) return [];
    return refuse(
      view.node,
      `it knows ${place.id} as ${line.nodeId}, and that is not the node there: it has lost its nodes.conf or was set up again`,
      ...(countSlots(line.slots) > 0
        ? [
            `Bring the data folder of ${place.id} back, or let a replica take over: weedgo-redis verify says how.`,
            ...startWithout([place.shard]),
          ]
        : [
            `Bring the data folder of ${place.id} back. If it is gone for good, run this and then the same command again:`,
            `weedgo-redis call all CLUSTER FORGET ${line.nodeId}`,
          ]),
    );
  });
}

const foreign = (node: string, line: NodeLine): Refusal => {
  const { ip, port, nodeId, flags, slots } = line;
  const isGone = flags.some((flag) => ['noaddr', 'fail', 'fail?'].includes(flag));
  if (isGone && slots.length === 0) {
    return refuse(
      node,
      `it remembers ${ip === '' ? 'a node without an address' : `${ip}:${port}`} (${nodeId}), which does not answer and is not in the inventory`,
      'If that node is gone for good, let the others forget it, and run the same command again:',
      `weedgo-redis call all CLUSTER FORGET ${nodeId}`,
    );
  }
  return refuse(
    node,
    `it belongs to a cluster with ${ip}:${port} (${nodeId}), which is not in the inventory`,
    'If that is this cluster, add the node to the inventory; if it is another, choose other ports.',
  );
};

export function guardKeys(view: ReachableView): readonly Refusal[] {
  const own = ownLine(view);
  if (view.keys === 0 || own === undefined || own.role === 'replica') return [];
  if (isAlone(view)) {
    return [refuse(view.node, `it holds ${view.keys} keys and belongs to no cluster`, ...keepKeys)];
  }
  return countSlots(own.slots) === 0
    ? [refuse(view.node, `it holds ${view.keys} keys but owns no slots`, ...keepKeys)]
    : [];
}

const keepKeys = [
  'Nothing is ever wiped to make room. Save the keys elsewhere and empty the node yourself, or choose another port.',
];

/** It has finished a handshake with nobody. */
const isAlone = (view: ReachableView): boolean =>
  view.nodes.every((line) => line.nodeId === view.nodeId || line.flags.includes('handshake'));

/**
 * A node that stands alone may own what forming gives to it, as an interrupted forming leaves it; nothing
 * else.
 */
function guardLoneSlots(inventory: Inventory, view: ReachableView): readonly Refusal[] {
  const slots = ownLine(view)?.slots ?? [];
  const strange = subtractSlots(slots, plannedSlots(inventory, view.node));
  return isAlone(view) && strange.length > 0
    ? [
        refuse(
          view.node,
          `it owns the slots ${describeRanges(strange)}, which the inventory would not give to it`,
          'It may be a cluster of its own. Choose another port, or reset it yourself when it is not needed.',
        ),
      ]
    : [];
}

/**
 * Two masters that claim one slot and do not know each other: two clusters, and joining them would drop one's
 * keys.
 */
function guardDoubleOwners(view: ClusterView, members: readonly Member[]): readonly Refusal[] {
  const known = new Map(
    reachableNodes(view).map((node) => [node.node, new Set(node.nodes.map((l) => l.nodeId))]),
  );
  const masters = members.filter(({ role, source }) => role === 'master' && source === 'own');
  return masters.flatMap((member, index) =>
    masters
      .slice(0, index)
      .filter((other) => !known.get(member.node.id)?.has(other.nodeId))
      .filter((other) => intersectSlots(member.slots, other.slots).length > 0)
      .map((other) =>
        refuse(
          member.node.id,
          `it and ${other.node.id} own the same slots and do not know each other`,
          'They belong to two clusters. Take one of the two out of the inventory.',
        ),
      ),
  );
}

/**
 * Slots that nobody owns, in a cluster with keys: an earlier owner may still hold theirs, so none is guessed.
 */
function guardUnowned(
  inventory: Inventory,
  view: ClusterView,
  free: readonly SlotRange[],
): readonly Refusal[] {
  const holder = reachableNodes(view).find(({ keys }) => keys > 0);
  if (free.length === 0 || !holder || view.nodes.some(({ reachable }) => !reachable)) return [];
  return [
    refuse(
      holder.node,
      `no node owns the slots ${describeRanges(free)}, and the cluster holds keys`,
      'Find out who last owned them; CLUSTER COUNTKEYSINSLOT on each node tells who holds their keys.',
      ...startWithout(shardsWith(free, inventory)),
    ),
  ];
}

export const refuse = (node: string, clause: string, ...hints: readonly string[]): Refusal => ({
  node,
  reason: `${node}: ${clause}`,
  hints,
});
