import { reachableNodes } from '../../cluster/shape.ts';
import { countSlots } from '../../cluster/slots.ts';
import { OperationError } from '../../base/errors.ts';
import type { HostProblem } from '../../host/requirements/problem.ts';
import { observeCluster } from '../../redis/observe.ts';
import type { Session } from '../../session/session.ts';
import { type MissingHosts, withoutHosts } from './without-hosts.ts';

/** `held`: starts that wait for a replica, which is down itself, to take over. */
export function partition(
  problems: readonly HostProblem[],
  leavesHeld: boolean,
): { readonly held: readonly HostProblem[]; readonly others: readonly HostProblem[] } {
  const isHeld = ({ heldFor }: HostProblem): boolean => leavesHeld && heldFor !== undefined;
  return { held: problems.filter(isHeld), others: problems.filter((problem) => !isHeld(problem)) };
}

export const nodesOf = (problems: readonly HostProblem[]): readonly string[] =>
  problems.flatMap(({ node }) => node ?? []);

/**
 * What a start ends with that left masters down whose replicas have newer data: what lies where, and the
 * commands that have the replicas take over. The first ones need no majority where too few masters run.
 */
export async function startedWithoutMasters(
  session: Session,
  held: readonly HostProblem[],
  missing: MissingHosts,
): Promise<OperationError> {
  const nodes = nodesOf(held);
  const voters = await countVoters(session);
  const takeovers = held.map(({ heldFor }, index) => {
    const hasMajority = (voters.up + index) * 2 > voters.all;
    return `weedgo-redis failover --to ${heldFor?.replica ?? ''} ${hasMajority ? '--force' : '--takeover'}`;
  });
  const also = missing.size > 0 ? [withoutHosts(session, missing, { done: 'started' })] : [];
  return new OperationError(
    `${nodes.join(', ')} ${nodes.length === 1 ? 'was' : 'were'} not started: the data of ${nodes.length === 1 ? 'its replica is' : 'their replicas is'} newer, or may be; the other nodes run`,
    {
      hints: [
        ...held.flatMap(({ message, heldFor }) => [message, ...(heldFor?.otherWays ?? [])]),
        'To let the replicas take over, in this order:',
        ...takeovers.map((command) => `  ${command}`),
        '  weedgo-redis start',
        ...also.flatMap(({ message, hints }) => [message, ...hints]),
      ],
    },
  );
}

/** Masters of slots as the nodes that run know them, and those of them that answer. */
async function countVoters({
  inventory,
  redis,
}: Session): Promise<{ readonly up: number; readonly all: number }> {
  const views = reachableNodes(await observeCluster(inventory.nodes, redis));
  const owners = new Set(
    views.flatMap(({ nodes }) =>
      nodes.flatMap(({ nodeId, role, slots }) => (role === 'master' && countSlots(slots) > 0 ? nodeId : [])),
    ),
  );
  return { up: views.filter(({ nodeId }) => owners.has(nodeId)).length, all: owners.size };
}
