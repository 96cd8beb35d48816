import { nodes } from '../checks/cluster/nodes.ts';
import { topologyOf } from '../checks/topology.ts';
import { OperationError } from '../base/errors.ts';
import { StepFailedError } from '../host/step-failure.ts';
import type { Session } from '../session/session.ts';

/**
 * A failed start with its cause and the commands of the way out in front of its hints, as `verify` reports
 * them; any other error as it is. What could not be looked at adds nothing.
 */
export async function explainStart(session: Session, error: unknown): Promise<unknown> {
  if (!(error instanceof StepFailedError)) return error;
  const failed = error.failed.flatMap((step) => (step.kind === 'start-service' ? [step.service.node] : []));
  if (session.signal.aborted) return error;
  const hints = await explainDown(session, failed);
  if (hints.length === 0) return error;
  return new OperationError(error.message, {
    cause: error,
    hints: [...hints, ...error.hints],
    ...(error.host !== undefined && { host: error.host }),
    ...(error.node !== undefined && { node: error.node }),
  });
}

/**
 * Why these nodes do not answer, each with the commands of the way out; empty where nothing is known of it.
 */
export async function explainDown(session: Session, ids: readonly string[]): Promise<readonly string[]> {
  if (ids.length === 0) return [];
  try {
    // Loaded where a start failed: most commands never need it.
    const { look } = await import('./look.ts');
    const input = { ...(await look(session)), writeTest: undefined };
    const found = nodes
      .run(input, topologyOf(input))
      .filter((finding) => finding.nodes.some((node) => ids.includes(node)));
    return found.flatMap(({ title, seen, remedy }) => [`${title}: ${seen}`, ...remedy]);
  } catch (error) {
    if (error instanceof OperationError) return [];
    throw error;
  }
}
