import { plannedSlots } from '../../cluster/placement.ts';
import {
  compactSlots,
  countSlots,
  expandRanges,
  describeRanges,
  intersectSlots,
  subtractSlots,
  uncoveredSlots,
} from '../../cluster/slots.ts';
import type { SlotRange } from '../../cluster/view.ts';
import type { Check, Finding } from '../check.ts';
import type { CheckInput } from '../input.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import { byHand, call, ours } from '../remedy.ts';
import { joinNames } from '../text.ts';
import { lostSlots } from './lost.ts';
import { lineOf, type Member, type Topology } from '../topology.ts';

/** Every slot has one owner by the owner's own word, and that owner answers. */
export const slots: Check = {
  name: 'slots owned once',
  section: 'cluster',
  cluster: true,
  run: (input, topology) => [...uncovered(input, topology), ...unserved(topology), ...twice(input, topology)],
};

function uncovered(input: CheckInput, topology: Topology): readonly Finding[] {
  const held = [
    ...masters(topology).flatMap(({ slots: own }) => own),
    ...topology.strangers.flatMap(({ lines }) => lines.flatMap(({ slots: own }) => own)),
  ];
  const free = uncoveredSlots(held);
  if (free.length === 0) return [];
  const claims = topology.members.flatMap((member) => claimedFor(member, free, topology));
  return [
    {
      id: 'WR-SLOTS-UNCOVERED',
      severity: 'critical',
      title: `slots ${describeRanges(free)} have no owner`,
      nodes: claims.map(({ member }) => member.node.id),
      hosts: [],
      seen: [
        `no master says of itself that it owns ${countSlots(free) === 1 ? 'slot' : 'slots'} ${describeRanges(free)}`,
        ...claims.map(
          ({ member, by, ranges }) =>
            `${joinNames(by)} still give ${describeRanges(ranges)} to ${member.node.id}`,
        ),
        ...stateOf(topology),
      ].join('; '),
      expected: 'all 16384 slots have an owner',
      why: 'Keys in these slots can be neither read nor written, and by default the whole cluster stops serving.',
      remedy: assignments(input, topology, { free, claims }),
      dueTo: [
        // Where no node answers, nothing is known of any slot.
        ...(topology.reachable.length === 0 ? [{ ids: ['WR-NODE-UNASKED'] as const }] : []),
        ...(countSlots(subtractSlots(free, lostSlots(input))) === 0
          ? [{ ids: ['WR-SHARD-LOST'] as const }]
          : []),
      ],
    },
  ];
}

/** Slots of masters that do not answer and that no other node has taken over. */
function unserved(topology: Topology): readonly Finding[] {
  const served = masters(topology)
    .filter(({ view }) => view)
    .flatMap(({ slots: own }) => own);
  return masters(topology).flatMap((owner) => {
    const left = subtractSlots(owner.slots, served);
    if (owner.view || left.length === 0) return [];
    return [
      {
        id: 'WR-SLOTS-UNSERVED',
        severity: 'critical',
        title: `slots ${describeRanges(left)} belong to ${owner.node.id}, which does not answer`,
        nodes: [owner.node.id],
        hosts: [],
        seen: `the other nodes give them to ${owner.node.id}`,
        expected: 'an owner that answers',
        why: 'As far as can be seen from here, keys in these slots can be neither read nor written.',
        remedy: [],
        dueTo: [{ ids: ['WR-NODE-UNASKED'], nodes: [owner.node.id] }],
        backstop: true,
      } satisfies Finding,
    ];
  });
}

type Claim = {
  readonly member: Member;
  readonly by: readonly string[];
  readonly ranges: readonly SlotRange[];
};

/** Others that still give free slots to a node that has given them up: where they belong. */
function claimedFor(member: Member, free: readonly SlotRange[], { reachable }: Topology): readonly Claim[] {
  const claims = reachable.flatMap(({ node, ...view }) => {
    const said = lineOf({ node, ...view }, member.nodeId)?.slots ?? [];
    const ranges = intersectSlots(said, free);
    return ranges.length > 0 ? [{ node, ranges }] : [];
  });
  const ranges = compactSlots(claims.flatMap((claim) => expandRanges(claim.ranges)));
  return claims.length > 0 ? [{ member, by: claims.map(({ node }) => node), ranges }] : [];
}

function stateOf({ reachable }: Topology): readonly string[] {
  const failing = reachable.filter(({ clusterInfo }) => clusterInfo['cluster_state'] !== 'ok');
  return failing.length === 0 ? [] : [`cluster_state:fail on ${joinNames(failing.map(({ node }) => node))}`];
}

/**
 * Back to the node that the others still give them to, the rest to the shard that the inventory has them in.
 */
function assignments(
  { inventory }: CheckInput,
  topology: Topology,
  { free, claims }: { readonly free: readonly SlotRange[]; readonly claims: readonly Claim[] },
): readonly string[] {
  const rest = subtractSlots(
    free,
    claims.flatMap(({ ranges }) => ranges),
  );
  return [
    ...claims.map(({ member, ranges }) => giveTo(inventory, member, ranges)),
    ...inventory.nodes.flatMap(({ id, shard }) => {
      const ranges = intersectSlots(plannedSlots(inventory, id), rest);
      if (ranges.length === 0) return [];
      const owner = masterOf(topology, shard);
      if (owner) return [giveTo(inventory, owner, ranges)];
      const message = `the inventory has slots ${describeRanges(ranges)} in shard ${shard}, of which no master answers: bring its nodes back first`;
      return [byHand(message)];
    }),
  ];
}

const giveTo = (inventory: Inventory, member: Member, ranges: readonly SlotRange[]): string =>
  call(inventory, member.node.id, 'CLUSTER', ...addSlots(member, ranges));

/**
 * The master that answers for a shard of the inventory: the one with slots, or else the one that should have
 * them.
 */
function masterOf({ members }: Topology, shard: number): Member | undefined {
  const own = members.filter(({ node, role, view }) => view && role === 'master' && node.shard === shard);
  return (
    own.find(({ slots: held }) => held.length > 0) ?? own.find(({ node }) => node.preferredRole === 'master')
  );
}

/** ADDSLOTSRANGE is of Redis 7.0; a server that answers CLUSTER LINKS' version or later has it. */
function addSlots({ view }: Member, ranges: readonly SlotRange[]): readonly (string | number)[] {
  const major = Number.parseInt(view?.info['redis_version'] ?? '0', 10);
  return major >= 7 ? ['ADDSLOTSRANGE', ...ranges.flat()] : ['ADDSLOTS', ...expandRanges(ranges)];
}

function twice({ inventory }: CheckInput, topology: Topology): readonly Finding[] {
  const owners = masters(topology).filter(({ view }) => view);
  const pairs = owners.flatMap((one, index) => owners.slice(index + 1).map((other) => [one, other] as const));
  return pairs.flatMap(([one, other]) => {
    const shared = intersectSlots(one.slots, other.slots);
    if (shared.length === 0) return [];
    return [
      {
        id: 'WR-SLOTS-TWICE',
        severity: 'critical',
        title: `${one.node.id} and ${other.node.id} both own slots ${describeRanges(shared)}`,
        nodes: [one.node.id, other.node.id],
        hosts: [],
        seen: `config epoch ${one.configEpoch} on ${one.node.id}, ${other.configEpoch} on ${other.node.id}`,
        expected: 'one owner a slot',
        why: 'Both accept writes for the same keys; what the loser took is dropped when they agree.',
        remedy: [...keepBoth(inventory, one, other), ours(inventory, 'check')],
        passing: true,
      } satisfies Finding,
    ];
  });
}

/** Nothing here lets the two hear each other before a person has saved what would be deleted. */
function keepBoth(inventory: Inventory, one: Member, other: Member): readonly string[] {
  const why = byHand('then find out why they do not reach each other');
  // Redis takes the slots from the older epoch as soon as the two hear each other, and deletes their keys
  // there.
  if (one.configEpoch !== other.configEpoch) {
    const { id } = (one.configEpoch > other.configEpoch ? other : one).node;
    return [
      byHand(`save what only ${id} has of these slots: it is deleted when the two hear each other`),
      why,
    ];
  }
  // With equal epochs their ids decide (clusterHandleConfigEpochCollision), whichever has the right keys.
  const pair = [one, other].map(({ node }) => node.id);
  return [
    byHand(
      `with equal epochs it is chance which copy stays: save both before anything else (BGSAVE, then copy dump.rdb away)`,
    ),
    byHand(
      `decide which is right: how many keys each has, since when it is master, and where clients were sent to`,
    ),
    ...pair.map((id) => call(inventory, id, 'INFO', 'keyspace')),
    ...pair.map((id) => call(inventory, id, 'INFO', 'replication')),
    call(inventory, 'all', 'CLUSTER', 'NODES'),
    byHand('stop the other one before the two hear each other; write what only it has again at the end'),
    why,
  ];
}

function masters({ members }: Topology): readonly Member[] {
  return members.filter(({ role, slots: own }) => role === 'master' && own.length > 0);
}
