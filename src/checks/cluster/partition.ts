import { describePartition, partitionOf, type Side } from '../../cluster/sides.ts';
import { countSlots, describeRanges, intersectSlots } from '../../cluster/slots.ts';
import type { Check, FindingId } from '../check.ts';
import type { CheckInput } from '../input.ts';
import { byHand, ours } from '../remedy.ts';
import { joinNames } from '../text.ts';
import type { Member, Topology } from '../topology.ts';

/**
 * Hosts whose nodes answer here and do not reach each other: what either side says of the other follows from
 * that.
 */
export const partition: Check = {
  name: 'no hosts cut off from each other',
  section: 'cluster',
  cluster: true,
  run: (input, topology) => {
    const hosts = partitionOf(input.inventory, topology.sides);
    if (hosts.length === 0) return [];
    const [, ...smaller] = hosts;
    const [, ...cutOff] = topology.sides;
    return [
      {
        id: 'WR-PARTITIONED',
        severity: 'critical',
        title: describePartition(hosts),
        nodes: cutOff.flat(),
        hosts: smaller.flat(),
        seen: topology.sides.map((side) => accountOf(side, topology)).join('; '),
        expected: 'every node reaches every other over the cluster bus',
        why: 'The side without a majority of masters serves nothing, and what it acknowledged since the cut is dropped when the sides meet.',
        remedy: remedyOf(input, topology),
        passing: true,
        explains: [{ ids: consequences }],
      },
    ];
  },
};

/** What each side says of the other, and what has become of the shards that the cut divides. */
const consequences: readonly FindingId[] = [
  'WR-BUS-LINK',
  'WR-BUS-UNREACHABLE',
  'WR-EPOCH-COLLISION',
  'WR-HOST-LOSS',
  'WR-INCOMPLETE',
  'WR-MAJORITY-LOST',
  'WR-MASTERS-UNEVEN',
  'WR-NODES-DISAGREE',
  'WR-REPLICA-LAG',
  'WR-REPLICA-LINK-DOWN',
  'WR-REPLICAS-MISSING',
  'WR-SHARDS-DIFFER',
  'WR-SLOTS-TWICE',
  'WR-STATE-FAIL',
  'WR-WRITE-FAILED',
  'WR-WRITE-UNREPLICATED',
  'WR-WRITES-REFUSED',
  'WR-ZONE-LOSS',
];

/** `r1:7000 and r1:7003 reach each other and say cluster_state:fail`. */
function accountOf(side: Side, { reachable }: Topology): string {
  const states = reachable
    .filter(({ node }) => side.includes(node))
    .map(({ clusterInfo }) => clusterInfo['cluster_state'] ?? 'unknown');
  const state = [...new Set(states)].join(' or ');
  return side.length === 1
    ? `${joinNames(side)} reaches no other node and says cluster_state:${state}`
    : `${joinNames(side)} reach only each other and say cluster_state:${state}`;
}

/** What the smaller side alone has is saved before the sides meet: Redis drops it then. */
function remedyOf({ inventory }: CheckInput, { members, sides }: Topology): readonly string[] {
  const masters = members.filter(
    ({ role, slots, view }) => view && role === 'master' && countSlots(slots) > 0,
  );
  const replaced = masters.flatMap((member) => {
    const heir = masters.find((other) => hasReplaced(other, member, sides));
    return heir ? [{ member, heir }] : [];
  });
  return [
    ...replaced.map(({ member, heir }) =>
      byHand(
        `save what only ${member.node.id} has of slots ${describeRanges(intersectSlots(member.slots, heir.slots))}: ${heir.node.id} has taken over, and ${member.node.id} drops its copy when the sides meet`,
      ),
    ),
    ours(inventory, 'check'),
    byHand('let through what it names, in the firewall of either host or of the network between them'),
  ];
}

const hasReplaced = (heir: Member, former: Member, sides: readonly Side[]): boolean =>
  heir.configEpoch > former.configEpoch &&
  sides.every((side) => !(side.includes(heir.node.id) && side.includes(former.node.id))) &&
  intersectSlots(heir.slots, former.slots).length > 0;
