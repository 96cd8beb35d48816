import { planStart, startContext } from '../../host/planning/starts.ts';
import { servicesOf } from '../../host/services.ts';
import { observeCluster } from '../../redis/observe.ts';
import { awaitComplete } from '../await-complete.ts';
import { readJournal, writeJournal } from '../../session/journal/journal.ts';
import { refuseUnconfigured } from '../../failover/unconfigured.ts';
import { nodesNow } from '../../report/node-table.ts';
import type { ReportNode } from '../../report/schema.ts';
import type { Session } from '../../session/session.ts';
import { createStages } from '../../session/stages.ts';
import { type LifecycleReport, onEveryHost, type Request } from './every-host.ts';
import { nodesOn, startedWithout } from './without-hosts.ts';
import { nodesOf, startedWithoutMasters } from './held.ts';

/**
 * Starts every node and waits until all of them see a complete cluster. Throws OperationError naming what
 * lacks; where hosts cannot be reached, once the nodes on the others are ready.
 */
export async function startNodes(
  session: Session,
  request: Request,
): Promise<LifecycleReport & { readonly nodes: readonly ReportNode[] }> {
  const titled = { ...request, reason: 'start', title: 'Start the nodes', after: forgetDrill, partly: true };
  const { missing, held, ...started } = await onEveryHost(
    session,
    { ...titled, leavesHeld: true },
    async () => [
      (input) => {
        const { inventory, host, desired, facts } = input;
        // Planning comes before anything is started.
        refuseUnconfigured(host, facts, desired.layout.nodes);
        return planStart(startContext(input), servicesOf(inventory, desired.layout, facts));
      },
    ],
  );
  const stages = createStages(session);
  await stages.run('complete', 'Wait until every node is ready', async () => ({
    value: await awaitComplete(session, new Set([...nodesOn(session, missing), ...nodesOf(held)])),
    changed: false,
  }));
  if (held.length > 0) throw await startedWithoutMasters(session, held, missing);
  if (missing.size > 0) throw await startedWithout(session, missing);
  return {
    ...started,
    stages: [...started.stages, ...stages.timings],
    nodes: nodesNow(session.inventory, await observeCluster(session.inventory.nodes, session.redis)),
  };
}

/** A drill that was killed has left its node down, and now it is up. */
async function forgetDrill(session: Session): Promise<void> {
  const journal = await readJournal(session);
  if (journal.drill) await writeJournal(session, journal, { drill: undefined });
}
