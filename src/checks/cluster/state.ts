import { countSlots, formatRanges, uncoveredSlots } from '../../cluster/slots.ts';
import type { NodeLine, ReachableView } from '../../cluster/view.ts';
import type { Check, Finding, FindingMatch } from '../check.ts';
import type { CheckInput } from '../input.ts';
import { call } from '../remedy.ts';
import { titled } from '../shared.ts';
import { joinNames } from '../text.ts';
import { nameOf, type Topology } from '../topology.ts';

/**
 * cluster_state on every node that answers. What the node itself takes for missing names the findings it is
 * due to.
 */
export const state: Check = {
  name: 'cluster state',
  section: 'cluster',
  cluster: true,
  run: (input, topology) =>
    topology.reachable
      .filter(({ clusterInfo }) => clusterInfo['cluster_state'] !== 'ok')
      .map((view) => fails(input, topology, view)),
};

function fails({ inventory }: CheckInput, topology: Topology, view: ReachableView): Finding {
  const failed = failedMasters(view);
  const free = uncoveredSlots(view.nodes.filter((line) => !isFailed(line)).flatMap(({ slots }) => slots));
  return {
    id: 'WR-STATE-FAIL',
    severity: 'critical',
    ...titled(view.node, '{} {says|say} that the cluster is down'),
    nodes: [view.node],
    hosts: [],
    seen: `cluster_state:${view.clusterInfo['cluster_state'] ?? 'unknown'}, ${reasonOf(topology, view, { failed, free })}`,
    expected: 'cluster_state:ok on every node',
    why: 'A node in this state answers CLUSTERDOWN to every client.',
    remedy: [call(inventory, view.node, 'CLUSTER', 'INFO')],
    passing: true,
    dueTo: causesOf(topology, view, { failed, free }),
  };
}

type Lack = {
  /** Masters with slots that the node takes for failed, or is about to. */
  readonly failed: readonly NodeLine[];
  /** Slots that no master owns which it takes for alive. */
  readonly free: ReturnType<typeof uncoveredSlots>;
};

function failedMasters({ nodes }: ReachableView): readonly NodeLine[] {
  return nodes.filter(
    (line) => line.role === 'master' && countSlots(line.slots) > 0 && (isFailed(line) || isSuspected(line)),
  );
}

const isFailed = ({ flags }: NodeLine): boolean => flags.includes('fail');
const isSuspected = ({ flags }: NodeLine): boolean => flags.includes('fail?');

function reasonOf(topology: Topology, { nodes }: ReachableView, { failed, free }: Lack): string {
  const masters = nodes.filter(({ role, slots }) => role === 'master' && countSlots(slots) > 0);
  const named = joinNames(failed.map(({ nodeId }) => nameOf(topology, nodeId)));
  if (failed.length * 2 >= masters.length && failed.length > 0)
    return `it takes ${failed.length} of ${masters.length} masters for failed (${named})`;
  if (countSlots(free) === 0) return 'although every slot has an owner that it can reach';
  const ranges = countSlots(free) > 0 && free.length <= 6 ? ` (${formatRanges(free)})` : '';
  return `it knows a living owner for ${16_384 - countSlots(free)} of 16384 slots${ranges === '' ? '' : `, none for ${ranges.slice(2, -1)}`}`;
}

/** A node with nothing to complain of has no cause elsewhere. */
function causesOf(topology: Topology, view: ReachableView, { failed, free }: Lack): readonly FindingMatch[] {
  if (failed.length === 0 && countSlots(free) === 0) return [];
  const names = failed.map(({ nodeId }) => nameOf(topology, nodeId));
  return [
    { ids: ['WR-SLOTS-UNSERVED', 'WR-NODE-UNASKED', 'WR-BUS-UNREACHABLE', 'WR-BUS-LINK'], nodes: names },
    { ids: ['WR-NODE-ALONE', 'WR-NODE-FORGOTTEN', 'WR-NODE-IDENTITY'], nodes: [view.node] },
    ...(countSlots(free) > 0 ? [{ ids: ['WR-SLOTS-UNCOVERED', 'WR-NODE-IDENTITY'] as const }] : []),
  ];
}
