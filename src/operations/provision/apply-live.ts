import { describeClusterStep } from '../../cluster/step.ts';
import { OperationError } from '../../base/errors.ts';
import { messageOf } from '../../base/message-of.ts';
import { switchAppendOnly } from '../../redis/append-only.ts';
import { applyClusterStep } from '../../redis/apply.ts';
import { isFailure, type RedisConnection } from '../../redis/connection.ts';
import { throwIfInterrupted } from '../../base/wait.ts';
import { applyOnHosts } from '../apply-on-hosts.ts';
import type { Session } from '../../session/session.ts';
import type { StageResult } from '../../session/stages.ts';
import { createWaitTeller } from '../../session/wait-teller.ts';
import { planFilesOf } from './append-only.ts';
import { readAndPlan } from './look.ts';
import type { ProvisionPlan } from './plan.ts';

/**
 * Changes settings of running nodes before the files are written, so that a value which Redis refuses never
 * stands in a file. Resolves to the plan that follows.
 */
export async function applyLive(session: Session, due: ProvisionPlan): Promise<StageResult<ProvisionPlan>> {
  const { emit, signal } = session;
  const { live, switches, terms } = due;
  for (const step of live) {
    throwIfInterrupted(signal);
    const connection = await connectionTo(session, step.node);
    try {
      await applyClusterStep(step, connection, session.secrets);
    } catch (error) {
      const reason = messageOf(error);
      throw new OperationError(`${describeClusterStep(step)}, which failed: ${reason}`, { node: step.node });
    }
    emit({ type: 'node', node: step.node, message: describeClusterStep(step) });
  }
  const tell = createWaitTeller(emit);
  await switchAppendOnly(switches, {
    connect: (node) => connectionTo(session, node),
    fileOff: (nodes) => applyOnHosts(session, 'switching appendonly off', planFilesOf(due.wanted, nodes)),
    emit,
    tell,
    signal,
  });
  const { plan } = await readAndPlan(session, async () => terms);
  return { value: plan, changed: true };
}

async function connectionTo(session: Session, id: string): Promise<RedisConnection> {
  const node = session.inventory.nodes.find((each) => each.id === id);
  const connection = node && (await session.redis(node));
  if (connection && !isFailure(connection)) return connection;
  throw new OperationError(`${id} does not respond any more`, { node: id });
}
