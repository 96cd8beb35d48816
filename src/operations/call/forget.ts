import type { Judgement } from '../../cluster/copies.ts';
import type { Reason } from '../../cluster/failover/reason.ts';
import type { Situation } from '../../cluster/failover/situation.ts';
import { reachableNodes } from '../../cluster/shape.ts';
import { countSlots, describeRanges } from '../../cluster/slots.ts';
import { waitUntil } from '../../base/wait.ts';
import { lookAround } from '../../failover/look.ts';
import type { Session } from '../../session/session.ts';

/** How long the nodes may take to hear that another has taken a lost node's slots over. */
const gossipMs = 5_000;

/**
 * Whether a node may be forgotten: not one that owns slots, nor one of the inventory that runs or may run.
 * Looks again for some seconds, since a takeover that was just done spreads by gossip.
 */
export async function judgeForget(session: Session, nodeId: string): Promise<Judgement> {
  const { seen } = await waitUntil(
    async () => lookAround(session),
    (situation) => owners(situation, nodeId),
    { deadlineMs: gossipMs, intervalMs: 200, signal: session.signal },
  );
  return { refusals: [...owners(seen, nodeId), ...running(seen, nodeId)], risks: silent(seen, nodeId) };
}

function owners({ view }: Situation, nodeId: string): readonly Reason[] {
  const lines = reachableNodes(view).flatMap(({ node, nodes }) =>
    nodes
      .filter((line) => line.nodeId === nodeId && countSlots(line.slots) > 0)
      .map((line) => ({ node, line })),
  );
  const [first] = lines;
  if (!first) return [];
  const by = lines.map(({ node }) => node).join(', ');
  return [
    {
      code: 'in-use',
      message: `${nodeId} owns slots ${describeRanges(first.line.slots)} (${by} say so): forgetting it gives up their keys`,
      hints: [
        'Let one of its replicas take over first: weedgo-redis failover NODE --force.',
        'If it is a node of this cluster, put it into the inventory.',
      ],
    },
  ];
}

function running({ members }: Situation, nodeId: string): readonly Reason[] {
  const member = members.find((each) => each.nodeId === nodeId && each.source === 'own');
  if (!member) return [];
  return [
    {
      code: 'in-use',
      message: `${nodeId} is ${member.node.id}, which runs and is in the inventory`,
      hints: ['Stop the node and take it out of the inventory first.'],
    },
  ];
}

/**
 * A node of the inventory under this id that does not respond for another reason than that nothing listens.
 */
function silent({ view, members }: Situation, nodeId: string): readonly string[] {
  return members
    .filter((each) => each.nodeId === nodeId && each.source === 'peers')
    .flatMap(({ node: { id } }) => {
      const seen = view.nodes.find(({ node }) => node === id);
      if (!seen || seen.reachable || seen.failure === 'refused') return [];
      return [`${id} may run, since it was not reached (${seen.reason}): the cluster would be without it`];
    });
}
