import { guardCluster } from '../../cluster/failover/guard-cluster.ts';
import { planRoles } from '../../cluster/failover/roles.ts';
import { shardWith } from '../../cluster/failover/situation.ts';
import type { Situation } from '../../cluster/failover/situation.ts';
import { factsContext } from '../../host/context.ts';
import { readFacts } from '../../host/facts/read.ts';
import { maskedAndDown } from '../../host/requirements/masked.ts';
import { servicesOf } from '../../host/services.ts';
import { RefusedError } from '../../base/errors.ts';
import type { Host } from '../../inventory/inventory.ts';
import { layoutOf } from '../../render/layout.ts';
import { changing } from '../../session/changing.ts';
import type { DrainReport, DrainRequest } from '../drain/drain.ts';
import { awaitInSync } from '../../failover/await-sync.ts';
import { awaitQuiet } from '../../failover/await-guard.ts';
import { setElectable } from '../../failover/electable.ts';
import { lookAround } from '../../failover/look.ts';
import { moveAll } from '../../failover/move.ts';
import { refuseFor } from '../../failover/refuse.ts';
import { requireCluster, requireHost } from '../../failover/require.ts';
import { readJournal, writeJournal } from '../../session/journal/journal.ts';
import type { Session } from '../../session/session.ts';
import { createStages } from '../../session/stages.ts';
import { refuseMasked } from '../../failover/unconfigured.ts';

/**
 * Waits until a drained host's nodes are back in sync, lets them be elected again and gives them the roles
 * that they had. Throws as `drain` does, and OperationError when a node does not come back. A rerun resumes.
 */
export async function undrain(session: Session, request: DrainRequest): Promise<DrainReport> {
  requireCluster(session.inventory, 'undrain');
  const host = requireHost(session.inventory, request.host);
  const { command, maxLag } = request;
  return changing(session, { command, reason: `undrain ${host.name}` }, async (held) => {
    const journal = await readJournal(held);
    const { [host.name]: past, ...others } = journal.drained;
    const look = { maxLag, drained: Object.keys(others) };
    const stages = createStages(held);
    const before = await lookAround(held, look);
    refuseCutOff(before, held, host);
    const silent = guardCluster(before).filter(({ code }) => code === 'no-answer');
    refuseFor(silent, `undrain ${host.name}`);
    await refuseMaskedOn(held, host);
    await stages.run('sync', `wait until the nodes of ${host.name} are in sync`, async () => {
      const ids = host.nodes.map(({ id }) => id);
      return { value: await awaitInSync(held, ids, look), changed: false };
    });
    const quiet = await awaitQuiet(held, `undrain ${host.name}`, look);
    const set = await setElectable(held, quiet, { host: host.name, electable: true });
    const wanted = past?.masters ?? (set > 0 ? preferredMastersOn(host) : []);
    const { choices, problems } = planRoles(await lookAround(held, look), wanted);
    for (const message of problems) held.emit({ type: 'warning', message });
    const moves = await moveAll(held, choices, { ...request, stages, look });
    if (past) await writeJournal(held, journal, { drained: others });
    const changed = past !== undefined || set > 0 || moves.length > 0;
    return { host: host.name, changed, moves, bareShards: [] };
  });
}

/**
 * What is on a host that is not connected is not seen in sync, however long anybody waits for it: the host
 * itself, or the master that one of its replicas follows.
 */
function refuseCutOff(situation: Situation, { unreachable }: Session, { name, nodes }: Host): void {
  const needed = nodes.flatMap(({ id }) => {
    const master = shardWith(situation, id)?.master.node;
    return [[id, name] as const, ...(master ? [[master.id, master.host] as const] : [])];
  });
  const cut = needed.filter(([, host]) => unreachable.has(host));
  if (cut.length === 0) return;
  const hosts = [...new Set(cut.map(([, host]) => host))];
  const reasons = hosts.map((host) => `${host} is not connected (${unreachable.get(host)?.message ?? ''})`);
  throw new RefusedError(
    `${name} is not undrained while it is not known that its nodes are in sync: ${reasons.join('; ')}`,
    {
      hints: [
        `Bring ${hosts.join(', ')} back, then run the same command again: ${name} stays drained until then.`,
        'If a master on it is dead: `weedgo-redis verify` prints the failover that replaces it.',
      ],
    },
  );
}

/** A unit that was masked for the maintenance does not come back, however long anybody waits for it. */
async function refuseMaskedOn({ inventory, shells, signal }: Session, host: Host): Promise<void> {
  const shell = shells.get(host.name);
  const layout = layoutOf(inventory, host);
  if (!shell || layout.manager !== 'systemd') return;
  const facts = await readFacts(shell, factsContext(inventory, host, { layout }), { signal });
  refuseMasked(host, maskedAndDown(servicesOf(inventory, layout, facts), facts));
}

/** For a host that was drained by hand, of which nothing is remembered. */
function preferredMastersOn({ nodes }: Host): readonly string[] {
  return nodes.filter(({ preferredRole }) => preferredRole === 'master').map(({ id }) => id);
}
