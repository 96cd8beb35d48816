import { planElectable } from '../../cluster/failover/roles.ts';
import type { Situation } from '../../cluster/failover/situation.ts';
import { describeClusterStep } from '../../cluster/step.ts';
import { OperationError } from '../../errors.ts';
import { applyClusterStep } from '../../redis/apply.ts';
import { isFailure } from '../../redis/connection.ts';
import type { Session } from '../session.ts';

/**
 * Lets a host's replicas be elected, or keeps them from it, until their next restart. Resolves to how many nodes were
 * changed; those that do not answer are left as they are.
 */
export async function setElectable(
  session: Session,
  situation: Situation,
  { host, electable }: { readonly host: string; readonly electable: boolean },
): Promise<number> {
  const steps = planElectable(situation, host, electable);
  for (const step of steps) {
    const node = session.inventory.nodes.find(({ id }) => id === step.node);
    if (!node) continue;
    const connection = await session.redis(node);
    if (isFailure(connection))
      throw new OperationError(`cannot be asked any more: ${connection.reason}`, { node: step.node });
    await applyClusterStep(step, connection);
    session.emit({ type: 'node', node: step.node, message: describeClusterStep(step) });
  }
  return steps.length;
}
