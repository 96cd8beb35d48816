import { catchingUp } from '../cluster/catching-up.ts';
import { listMissing } from '../cluster/missing.ts';
import { listMissingWithout } from '../cluster/missing-without.ts';
import type { TopologyView } from '../cluster/view.ts';
import { OperationError } from '../base/errors.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { observeTopology } from '../redis/observe.ts';
import { recallReplicas } from '../redis/recall.ts';
import { createWorkWatch } from '../redis/work-watch.ts';
import { waitUntil } from '../base/wait.ts';
import { explainDown } from '../observation/explain-start.ts';
import { createWaitTeller } from '../session/wait-teller.ts';
import type { Session } from '../session/session.ts';

/**
 * What the cluster lacks to be complete, a clause each; a standalone server lacks nothing once it answers.
 * Pure.
 */
export function listLacking(inventory: Inventory, view: TopologyView): readonly string[] {
  if (inventory.mode === 'cluster') return listMissing(inventory, view).map(({ message }) => message);
  return view.nodes.flatMap((node) =>
    node.reachable ? [] : [`${node.node} does not respond: ${node.reason}`],
  );
}

/**
 * `away`: nodes (inventory ids) that cannot be waited for, on hosts that cannot be reached. Looks until every
 * node answers and sees a complete cluster: nodes that were just started load their data, find each other
 * and link to their masters meanwhile, with help where they call a wrong address (`recallReplicas`). Throws
 * OperationError naming what lacks, and why nodes do not answer, after a minute and a second a node in which
 * none was loading or being copied to; InterruptedError when the operator interrupts.
 */
export async function awaitComplete(session: Session, away: ReadonlySet<string> = new Set()): Promise<void> {
  const { inventory, redis, signal, emit } = session;
  const watch = createWorkWatch(emit);
  const tellOnce = createWaitTeller(emit);
  const { seen, missing } = await waitUntil(
    async () => {
      const view = await observeTopology(inventory.nodes, redis);
      await recallReplicas(view, { nodes: inventory.nodes, connect: redis, emit });
      return view;
    },
    (view) => {
      const lacking =
        away.size === 0
          ? listLacking(inventory, view)
          : listMissingWithout(inventory, view, away).map(({ message }) => message);
      tellOnce(lacking);
      return lacking;
    },
    {
      deadlineMs: 60_000 + 1000 * inventory.nodes.length,
      atWork: (view) => watch.see(catchingUp(view)),
      intervalMs: 200,
      signal,
    },
  );
  if (missing.length === 0) return;
  const silent = seen.nodes.flatMap(({ node, reachable }) => (reachable || away.has(node) ? [] : [node]));
  throw new OperationError('the nodes run, but the cluster is not complete', {
    hints: [
      ...missing,
      ...(await explainDown(session, silent)),
      ...watch.restless(),
      'Run `weedgo-redis verify` for details.',
    ],
  });
}
