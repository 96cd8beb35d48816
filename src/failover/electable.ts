import { planElectable } from '../cluster/failover/roles.ts';
import type { Situation } from '../cluster/failover/situation.ts';
import { describeClusterStep } from '../cluster/step.ts';
import { OperationError } from '../base/errors.ts';
import { applyClusterStep } from '../redis/apply.ts';
import { isFailure } from '../redis/connection.ts';
import type { Node } from '../inventory/inventory.ts';
import { throwIfInterrupted } from '../base/wait.ts';
import type { Session } from '../session/session.ts';
import { lookAround } from './look.ts';
import type { LookOptions } from './look.ts';

/**
 * Lets a host's replicas be elected, or keeps them from it, until their next restart. Resolves to how many
 * nodes were changed; those that do not answer are left as they are.
 */
export async function setElectable(
  session: Session,
  situation: Situation,
  { host, electable }: { readonly host: string; readonly electable: boolean },
): Promise<number> {
  const steps = planElectable(situation, host, electable);
  for (const step of steps) {
    throwIfInterrupted(session.signal);
    const node = session.inventory.nodes.find(({ id }) => id === step.node);
    if (!node) continue;
    const connection = await session.redis(node);
    if (isFailure(connection))
      throw new OperationError(`${step.node} does not respond any more: ${connection.reason}`, {
        node: step.node,
      });
    await applyClusterStep(step, connection);
    session.emit({ type: 'node', node: step.node, message: describeClusterStep(step) });
  }
  return steps.length;
}

/** A restart brings the configuration file's value back: a drained host's replicas could be elected. */
export async function keepDrained(session: Session, { host }: Node, look: LookOptions): Promise<void> {
  if (look.drained?.includes(host) !== true) return;
  await setElectable(session, await lookAround(session, look), { host, electable: false });
}
