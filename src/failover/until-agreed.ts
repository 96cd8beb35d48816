import { setTimeout as sleep } from 'node:timers/promises';
import { lacksOfSwap } from '../cluster/failover/agreed.ts';
import type { Swap } from '../cluster/failover/agreed.ts';
import type { Situation } from '../cluster/failover/situation.ts';
import { reachableNodes } from '../cluster/shape.ts';
import type { TopologyView } from '../cluster/view.ts';
import { OperationError } from '../base/errors.ts';
import { observeTopology } from '../redis/observe.ts';
import { throwIfInterrupted } from '../base/wait.ts';
import type { Session } from '../session/session.ts';
import { answering } from './look.ts';

/** Gossip carries the old master's role within about half a node timeout; a busy machine takes longer. */
const agreementDeadlineMs = 60_000;
/** What an interruption leaves it: the failover is done, and this only looks. */
const interruptedMs = 5_000;

/**
 * `ended`: all others agree, and the old master's process has ended since. `turned-back`: the others did not
 * follow the new master.
 */
export type Agreement = 'agreed' | 'ended' | 'turned-back';

/** Asks the nodes that answered before until they agree, or do not. */
export async function untilAgreed(session: Session, situation: Situation, swap: Swap): Promise<Agreement> {
  const answered = answering(situation);
  const witnesses = session.inventory.nodes.filter(({ id }) => answered.has(id));
  const start = performance.now();
  let interruptedAt: number | undefined;
  for (;;) {
    const asked = performance.now();
    const view = await observeTopology(witnesses, session.redis);
    const lacks = lacksOfSwap(view, swap);
    if (lacks.length === 0) return 'agreed';
    if (hasEnded(view, swap)) {
      const { id } = swap.shard.master.node;
      session.emit({
        type: 'warning',
        node: id,
        message: `${id} has ended since it handed over`,
        hints: ['Run `weedgo-redis verify`: it says why, and what to do.'],
      });
      return 'ended';
    }
    if (isTurnedBack(view, swap)) return 'turned-back';
    if (session.signal.aborted) interruptedAt ??= performance.now();
    if (interruptedAt !== undefined && performance.now() - interruptedAt > interruptedMs)
      throwIfInterrupted(session.signal);
    if (performance.now() - start > agreementDeadlineMs) {
      throw new OperationError(
        `${swap.replica.node.id} took over, but after ${agreementDeadlineMs / 1000} s ${lacks.join('; ')}`,
        { node: swap.replica.node.id, hints: ['Run `weedgo-redis verify`: it shows what each node says.'] },
      );
    }
    // Looking takes at most half of the time, so that it does not slow down what it waits for.
    await sleep(Math.max(10, performance.now() - asked));
  }
}

/** Nothing listens on the old master's port any more, and all others agree on the new one. */
function hasEnded(view: TopologyView, swap: Swap): boolean {
  const isOld = ({ node }: TopologyView['nodes'][number]): boolean => node === swap.shard.master.node.id;
  const old = view.nodes.find(isOld);
  if (!old || old.reachable || old.failure !== 'refused') return false;
  const others = { ...view, nodes: view.nodes.filter((node) => !isOld(node)) };
  return lacksOfSwap(others, { ...swap, masterGone: true }).length === 0;
}

/** Its claim had an older epoch than the master's: the others did not follow, and it is a replica again. */
function isTurnedBack(view: TopologyView, { replica }: Swap): boolean {
  const own = reachableNodes(view).find(({ node }) => node === replica.node.id);
  return own?.info['role'] === 'slave';
}
