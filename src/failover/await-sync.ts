import { catchingUp } from '../cluster/catching-up.ts';
import { viewOf } from '../cluster/failover/situation.ts';
import type { Situation } from '../cluster/failover/situation.ts';
import { outOfSync } from '../cluster/failover/sync.ts';
import { OperationError } from '../base/errors.ts';
import { createWorkWatch } from '../redis/work-watch.ts';
import { pause, throwIfInterrupted } from '../base/wait.ts';
import { createWaitTeller } from '../session/wait-teller.ts';
import { explainDown } from '../observation/explain-start.ts';
import type { Session } from '../session/session.ts';
import { lookAround } from './look.ts';
import type { LookOptions } from './look.ts';

/** A copy may take hours; a node that neither is at it nor gets anywhere for this long has stopped. */
const stalledMs = 60_000;
const pollMs = 100;

/**
 * Waits until the nodes (inventory ids) answer and, where they are replicas, are in sync; as long as anything
 * moves there. Resolves to the last look. Throws OperationError naming what is missing when nothing has moved
 * for a minute.
 */
export async function awaitInSync(
  session: Session,
  nodes: readonly string[],
  options: LookOptions,
): Promise<Situation> {
  const watch = createWorkWatch(session.emit);
  const tellOnce = createWaitTeller(session.emit);
  // Who comes back to where it was has got nowhere.
  const seen = new Set<string>();
  let movedAt = performance.now();
  for (;;) {
    throwIfInterrupted(session.signal);
    const situation = await lookAround(session, options);
    const missing = nodes.flatMap((node) => {
      const why = outOfSync(situation, node);
      return why === undefined ? [] : [`${node} ${why}`];
    });
    if (missing.length === 0) return situation;
    tellOnce(missing);
    const now = JSON.stringify(nodes.map((node) => progressOf(situation, node)));
    const work = catchingUp(situation.view).filter(({ node }) => nodes.includes(node));
    if (watch.see(work) || !seen.has(now)) movedAt = performance.now();
    seen.add(now);
    if (performance.now() - movedAt > stalledMs)
      throw stalled(missing, [...(await explainDown(session, nodes)), ...watch.restless()]);
    await pause(pollMs, session.signal);
  }
}

/** Whatever changes on the way to being in sync, besides loading and being copied to. */
function progressOf(situation: Situation, node: string): unknown {
  const member = situation.members.find((candidate) => candidate.node.id === node);
  const info = member && viewOf(situation, member)?.info;
  return [outOfSync(situation, node), info?.['slave_repl_offset'], info?.['slave_read_repl_offset']];
}

function stalled(missing: readonly string[], causes: readonly string[]): OperationError {
  return new OperationError(`nothing has moved for ${stalledMs / 1000} s: ${missing.join('; ')}`, {
    hints: [
      ...causes,
      'Look at the logs of the nodes named; weedgo-redis verify names the cause.',
      'Run the same command again when they are well: it resumes from what is there.',
    ],
  });
}
