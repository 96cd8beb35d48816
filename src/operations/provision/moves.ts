import { formerPaths } from '../../render/layout.ts';
import type { PlanInput } from '../../host/planning/input.ts';
import { OperationError } from '../../base/errors.ts';
import { rollOver } from '../restart/restart.ts';
import type { Session } from '../../session/session.ts';
import type { Stages } from '../../session/stages.ts';
import type { NodeMove, RunningNode } from './running-node.ts';

/** It runs with a configuration that is where earlier versions had it: the log's path is that file's own. */
export function moveOfRunning(
  { inventory, desired, facts }: PlanInput,
  { view }: Pick<RunningNode, 'view'>,
): NodeMove | undefined {
  const place = desired.layout.nodes.find(({ node }) => node.id === view.node);
  if (!place || facts.data[view.node]?.former === undefined) return undefined;
  if (view.config['logfile'] === place.logFile) return undefined;
  return {
    node: view.node,
    role: view.info['role'] === 'slave' ? 'replica' : 'master',
    from: formerPaths(inventory.server, place.node.port).dataDirectory,
    to: place.dataDirectory,
  };
}

/** In the order in which they are restarted. */
export const orderMoves = (moves: readonly NodeMove[]): readonly NodeMove[] => [
  ...moves.filter(({ role }) => role === 'replica'),
  ...moves.filter(({ role }) => role === 'master'),
];

export const describeMove = ({ node, role, from, to }: NodeMove): string =>
  `restart ${node} to move it from ${from} to ${to}${role === 'master' ? ', after a replica has taken over' : ''}`;

/**
 * Moves running nodes by a rolling restart: one at a time, replicas first, a master after its replica has
 * taken over, each in sync before the next. What is left of an interrupted run is found by where the nodes
 * run.
 */
export async function moveRunning(
  session: Session,
  stages: Stages,
  { moves, unfinished }: { readonly moves: readonly NodeMove[]; readonly unfinished: readonly string[] },
): Promise<void> {
  const nodes = moves.map(({ node }) => node);
  const { restarted } = await rollOver(session, stages, { nodes, resume: unfinished.length > 0 });
  if (restarted.length > 0) return;
  throw new OperationError(`${nodes.join(', ')} still run where an earlier version had them`, {
    hints: ['Run the same command again.'],
  });
}
