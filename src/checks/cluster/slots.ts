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
import type { Check, CheckInput, Finding } from '../check.ts';
import { byHand, call, ours } from '../remedy.ts';
import { joinNames } from '../text.ts';
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
      // Where no node answers, nothing is known of any slot.
      ...(topology.reachable.length === 0 && { dueTo: [{ ids: ['WR-NODE-UNASKED'] }] }),
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

/** Back to whom the others still give them, the rest to the master that owns the fewest. */
function assignments(
  { inventory }: CheckInput,
  topology: Topology,
  { free, claims }: { readonly free: readonly SlotRange[]; readonly claims: readonly Claim[] },
): readonly string[] {
  const claimed = claims.flatMap(({ ranges }) => ranges);
  const rest = subtractSlots(free, claimed);
  const fewest = masters(topology)
    .filter(({ view }) => view)
    .toSorted((a, b) => countSlots(a.slots) - countSlots(b.slots))[0];
  const targets = [
    ...claims.map(({ member, ranges }) => ({ member, ranges })),
    ...(rest.length > 0 && fewest ? [{ member: fewest, ranges: rest }] : []),
  ];
  return targets.map(({ member, ranges }) =>
    call(inventory, member.node.id, 'CLUSTER', ...addSlots(member, ranges)),
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
    const older = one.configEpoch > other.configEpoch ? other : one;
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
        // Redis takes the slots from the older epoch as soon as the two hear each other, and deletes their keys there.
        remedy: [
          byHand(
            `save what only ${older.node.id} has of these slots: it is deleted when the two hear each other`,
          ),
          byHand('then find out why they do not reach each other'),
          ours(inventory, 'check'),
        ],
        passing: true,
      } satisfies Finding,
    ];
  });
}

function masters({ members }: Topology): readonly Member[] {
  return members.filter(({ role, slots: own }) => role === 'master' && own.length > 0);
}
