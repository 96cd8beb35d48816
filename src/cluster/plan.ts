import type { Inventory } from '../inventory/inventory.ts';
import { guardForm } from './guard.ts';
import type { Refusal } from './refusal.ts';
import { assignReplicas } from './assign.ts';
import { planHaste } from './haste.ts';
import { planMeetings } from './meet.ts';
import { forgetting, type LostShards } from './lost.ts';
import { staleIds } from './stale.ts';
import { plannedSlots } from './placement.ts';
import { type Member, membersOf, ownLine, reachableNodes, unownedSlots } from './shape.ts';
import { countSlots, intersectSlots } from './slots.ts';
import { type ClusterStep, noFailover, type StepOf } from './step.ts';
import type { ClusterView } from './view.ts';

export type FormPlan = {
  /** Not empty: nothing may be done, and `steps` is empty. */
  readonly refusals: readonly Refusal[];
  readonly steps: readonly ClusterStep[];
};

export type FormOptions = {
  /** Shards that start again without their keys; what is left of them is forgotten first. */
  readonly lost?: LostShards | undefined;
  /** Names of drained hosts, whose nodes are not to be elected; undefined: not known. */
  readonly drained?: readonly string[] | undefined;
};

/**
 * What is still to be done to make the inventory's nodes one cluster, from any state that an earlier forming
 * left; empty for a cluster that is formed. No step takes a slot from its owner, or makes a replica of a node
 * that holds keys or slots. Consecutive steps of one kind may be done at once.
 */
export function planForm(
  inventory: Inventory,
  seen: ClusterView,
  { lost, drained }: FormOptions = {},
): FormPlan {
  const former = [...(lost?.ids ?? []), ...staleIds(seen)];
  const view = forgetting(seen, former);
  const refusals = guardForm(inventory, view, lost?.slots);
  if (refusals.length > 0 || inventory.mode === 'standalone') return { refusals, steps: [] };
  const all = membersOf(inventory, view);
  const members = all.filter(({ source }) => source === 'own');
  const assignments = planSlots(inventory, view, members);
  const replicas = planReplicas(inventory, view, { all, members, assignments });
  const meetings = planMeetings(inventory, view, replicas);
  const changes = [
    ...planForgets(seen, former),
    ...assignments,
    ...planEpochs(view),
    ...meetings.masters,
    ...replicas,
    ...meetings.others,
  ];
  const made = replicas.map(({ node }) => node);
  const allowed = drained ? planElections(members, view, { made, drained }) : [];
  return { refusals, steps: [...(changes.length === 0 ? [] : planHaste(view)), ...changes, ...allowed] };
}

/**
 * Replicas, or nodes that are made replicas, that an earlier run kept from being elected until they were in
 * sync, and did not let again: it was interrupted. On a drained host they stay so.
 */
function planElections(
  members: readonly Member[],
  view: ClusterView,
  { made, drained }: { readonly made: readonly string[]; readonly drained: readonly string[] },
): readonly StepOf<'allow-election'>[] {
  const barred = new Set(
    reachableNodes(view).flatMap(({ node, config }) => (config[noFailover] === 'yes' ? node : [])),
  );
  return members
    .filter(({ node, role }) => role === 'replica' || made.includes(node.id))
    .filter(({ node }) => barred.has(node.id) && !drained.includes(node.host))
    .map(({ node }) => ({ kind: 'allow-election', node: node.id }));
}

/** Before anything is assigned: slots are free once every node has forgotten their former owner. */
function planForgets(seen: ClusterView, ids: readonly string[]): readonly StepOf<'forget'>[] {
  const nodes = reachableNodes(seen);
  const gone = ids.filter((id) => nodes.every(({ nodeId }) => nodeId !== id));
  return nodes.flatMap(({ node, nodes: lines }) =>
    lines
      .filter(({ nodeId }) => gone.includes(nodeId))
      .map(({ nodeId }) => ({ kind: 'forget', node, nodeId })),
  );
}

type AssignSlots = StepOf<'assign-slots'>;

/**
 * Slots that nobody owns go to the master of the shard that should have them; guardForm vouches for no keys.
 */
function planSlots(
  inventory: Inventory,
  view: ClusterView,
  members: readonly Member[],
): readonly AssignSlots[] {
  const free = unownedSlots(members);
  if (free.length === 0 || view.nodes.some(({ reachable }) => !reachable)) return [];
  return inventory.nodes.flatMap((node) => {
    const ranges = intersectSlots(plannedSlots(inventory, node.id), free);
    const owner = ranges.length > 0 ? masterOfShard(members, node.shard) : undefined;
    return owner ? [{ kind: 'assign-slots', node: owner.node.id, ranges }] : [];
  });
}

/** The master that owns the shard's slots now, or else the one that should. */
function masterOfShard(members: readonly Member[], shard: number): Member | undefined {
  const masters = members.filter(({ node, role }) => node.shard === shard && role === 'master');
  return (
    masters.find(({ slots }) => countSlots(slots) > 0) ??
    masters.find(({ node }) => node.preferredRole === 'master')
  );
}

/**
 * Redis takes a config epoch only from nodes that have none and know nobody; the cluster settles the others.
 */
function planEpochs(view: ClusterView): readonly ClusterStep[] {
  const nodes = reachableNodes(view);
  const highest = Math.max(
    0,
    ...nodes.map(({ clusterInfo }) => Number(clusterInfo['cluster_current_epoch'])),
  );
  return nodes
    .filter((node) => node.nodes.length === 1 && ownLine(node)?.configEpoch === 0)
    .map(({ node }, index) => ({ kind: 'set-config-epoch', node, epoch: highest + 1 + index }));
}

type Roles = {
  /** Includes nodes that do not respond: a replica that is down keeps its place. */
  readonly all: readonly Member[];
  readonly members: readonly Member[];
  readonly assignments: readonly AssignSlots[];
};

/** Empty masters become replicas of the shards that have too few. */
function planReplicas(
  inventory: Inventory,
  view: ClusterView,
  { all, members, assignments }: Roles,
): readonly StepOf<'replicate'>[] {
  const assigned = new Set(assignments.map(({ node }) => node));
  const holders = new Set(reachableNodes(view).flatMap(({ node, keys }) => (keys > 0 ? node : [])));
  const masters = members.filter(({ role }) => role === 'master');
  const isOwner = ({ node, slots }: Member): boolean => countSlots(slots) > 0 || assigned.has(node.id);
  const openings = masters.filter(isOwner).map((master) => ({
    shard: master,
    master: master.node,
    room: inventory.replicas - all.filter(({ masterId }) => masterId === master.nodeId).length,
  }));
  const idle = masters.filter((member) => !isOwner(member) && !holders.has(member.node.id));
  const places = assignReplicas(
    inventory,
    idle.map(({ node }) => node),
    openings,
  );
  return idle.flatMap(({ node }) => {
    const master = places.get(node);
    return master
      ? [{ kind: 'replicate', node: node.id, master: master.node.id, masterNodeId: master.nodeId }]
      : [];
  });
}
