import type { UnreachableView } from '../../cluster/view.ts';
import type { Check, Finding } from '../check.ts';
import { byHand } from '../remedy.ts';
import { titled } from '../shared.ts';

/**
 * Every node that does not answer is accounted for. The finding that knows why (its host, its process, its
 * disk) explains this one; other findings name this one as their cause, so that they need not know all the
 * reasons.
 */
export const unasked: Check = {
  name: 'every node is accounted for',
  section: 'cluster',
  run: (_, { unreachable }) => unreachable.map(describe),
};

function describe({ node, reason }: UnreachableView): Finding {
  return {
    id: 'WR-NODE-UNASKED',
    severity: 'warning',
    ...titled(node, '{} {does|do} not answer'),
    nodes: [node],
    hosts: [],
    seen: reason,
    expected: 'every node of the inventory answers',
    why: 'Nothing is known of a node that does not answer; it may be down.',
    remedy: [byHand(`find out on its host why ${node} does not answer`)],
    dueTo: [{ ids: ['WR-HOST-UNREACHABLE', 'WR-DISK-FULL', 'WR-DATA-READ-ONLY'], nodes: [node] }],
    backstop: true,
  };
}
