import { agreementOf, type Aspect, type Disagreement } from '../../cluster/agreement.ts';
import { unownedSlots } from '../../cluster/shape.ts';
import { subtractSlots } from '../../cluster/slots.ts';
import type { SlotRange } from '../../cluster/view.ts';
import type { Check, Finding } from '../check.ts';
import type { CheckInput } from '../input.ts';
import { ours } from '../remedy.ts';
import { joinNames } from '../text.ts';
import { nameOf, type Topology } from '../topology.ts';

/**
 * All nodes give the same account of roles, slots and config epochs. Gossip takes up to some seconds to bring
 * a change to every node (0.6 to 4.4 s measured after a failover): a difference that lasts longer is a fault.
 */
export const agreement: Check = {
  name: 'nodes agree',
  section: 'cluster',
  cluster: true,
  run: (input, topology) => {
    const joined = topology.reachable.filter(({ node }) => !topology.out.has(node));
    const { disagreements } = agreementOf({ nodes: joined });
    const open = disagreements.filter((item) => !isExplained(item, topology));
    return open.length === 0 ? [] : [differ(input, topology, open)];
  },
};

/** Other findings cover nodes that do not know each other, nodes that are out, and unowned slots. */
function isExplained({ aspect, nodeId, own, claims }: Disagreement, topology: Topology): boolean {
  const member = topology.byId.get(nodeId);
  if (aspect === 'membership' || !member || topology.out.has(member.node.id)) return true;
  if (aspect !== 'slots' || own === undefined) return false;
  const free = unownedSlots(topology.members);
  const surplus = claims.map(({ value }) => subtractSlots(parseRanges(value), parseRanges(own)));
  const lack = claims.map(({ value }) => subtractSlots(parseRanges(own), parseRanges(value)));
  return [...surplus.map((ranges) => subtractSlots(ranges, free)), ...lack].every(
    (left) => left.length === 0,
  );
}

function parseRanges(text: string): readonly SlotRange[] {
  if (text === 'none') return [];
  return text.split(',').map((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return [first, last];
  });
}

const names: Readonly<Record<Aspect, string>> = {
  membership: 'who belongs to the cluster',
  role: 'masters and replicas',
  slots: 'who owns which slots',
  epoch: 'config epochs',
};

function differ(
  { inventory }: CheckInput,
  topology: Topology,
  disagreements: readonly Disagreement[],
): Finding {
  const aspects = [...new Set(disagreements.map(({ aspect }) => aspect))];
  const nodes = [...new Set(disagreements.map(({ nodeId }) => nameOf(topology, nodeId)))];
  return {
    id: 'WR-NODES-DISAGREE',
    severity: aspects.includes('slots') || aspects.includes('role') ? 'critical' : 'warning',
    title: `the nodes do not agree on ${joinNames(aspects.map((aspect) => names[aspect]))}`,
    nodes,
    hosts: [],
    seen: disagreements
      .slice(0, 5)
      .map((item) => whoSaysWhat(item, topology))
      .join('; '),
    expected: 'the same account from every node',
    why: 'Clients are sent to different masters depending on the node that they ask, and failovers may not be elected.',
    remedy: [ours(inventory, 'check')],
    passing: true,
  };
}

function whoSaysWhat({ nodeId, aspect, claims }: Disagreement, topology: Topology): string {
  const said = claims.map(({ value, by }) => `${joinNames(by)} ${by.length === 1 ? 'says' : 'say'} ${value}`);
  return `${aspect} of ${nameOf(topology, nodeId)}: ${said.join(', ')}`;
}
