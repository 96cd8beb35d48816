import { guardFailovers } from '../../cluster/failover/guard.ts';
import type { Reason } from '../../cluster/failover/reason.ts';
import { mastersOn } from '../../cluster/failover/roles.ts';
import type { Situation } from '../../cluster/failover/situation.ts';
import { chooseTarget } from '../../cluster/failover/target.ts';
import { guardStop } from '../../failover/guard-stop.ts';
import { observe } from '../../observation/observe.ts';
import type { Session } from '../../session/session.ts';

/**
 * Why these nodes cannot be restarted one after the other, for reasons that no restart of another of them
 * changes: masters that nobody may take over from, nodes that could not save as they end.
 */
export async function guardRoll(
  session: Session,
  situation: Situation,
  nodes: readonly string[],
): Promise<readonly Reason[]> {
  const masters = session.inventory.hosts
    .flatMap(({ name }) => mastersOn(situation, name))
    .filter((node) => nodes.includes(node));
  return [
    ...guardMasters(situation, masters),
    ...guardStop(session.inventory, await observe(session), nodes),
  ];
}

function guardMasters(situation: Situation, masters: readonly string[]): readonly Reason[] {
  return situation.inventory.nodes
    .filter(({ id }) => masters.includes(id))
    .flatMap((node) => chooseTarget(situation, { kind: 'node', node }))
    .flatMap((choice) => guardFailovers(situation, [choice]))
    .filter(({ code }) => ['replica-drained', 'no-replica', 'min-replicas'].includes(code));
}
