import { agreementOf, type Aspect, type Disagreement } from '../../cluster/agreement.ts';
import type { Check, CheckInput, Finding } from '../check.ts';
import { ours } from '../remedy.ts';
import { joinNames } from '../text.ts';
import { nameOf, type Topology } from '../topology.ts';

/**
 * All nodes give the same account of roles, slots and config epochs. Gossip takes up to some seconds to bring a
 * change to every node (0.6 to 4.4 s measured after a failover): what is left after a second look is an illness.
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

/** Who is known to whom has findings of its own; so have slots that their owner gave up and nodes that are out. */
function isExplained({ aspect, nodeId, own, claims }: Disagreement, topology: Topology): boolean {
  const member = topology.byId.get(nodeId);
  if (aspect === 'membership' || !member || topology.out.has(member.node.id)) return true;
  return aspect === 'slots' && member.role === 'master' && own !== undefined && gaveUp(own, claims);
}

/** The owner claims fewer slots than others give it: slots without an owner are reported as that. */
function gaveUp(own: string, claims: Disagreement['claims']): boolean {
  const mine = slotsIn(own);
  return claims.every(({ value }) => [...mine].every((slot) => slotsIn(value).has(slot)));
}

function slotsIn(ranges: string): ReadonlySet<number> {
  if (ranges === 'none') return new Set();
  const slots = ranges.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
  return new Set(slots);
}

const names: Readonly<Record<Aspect, string>> = {
  membership: 'who belongs to the cluster',
  role: 'who replicates whom',
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
    why: 'Clients are sent to different masters depending on whom they ask, and failovers may not be elected.',
    remedy: [ours(inventory, 'check')],
    passing: true,
  };
}

function whoSaysWhat({ nodeId, aspect, claims }: Disagreement, topology: Topology): string {
  const said = claims.map(({ value, by }) => `${joinNames(by)} ${by.length === 1 ? 'says' : 'say'} ${value}`);
  return `${aspect} of ${nameOf(topology, nodeId)}: ${said.join(', ')}`;
}
