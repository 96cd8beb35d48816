import { guardCluster } from '../../cluster/failover/guard-cluster.ts';
import { guardFailovers } from '../../cluster/failover/guard.ts';
import { mastersOn } from '../../cluster/failover/roles.ts';
import type { Situation } from '../../cluster/failover/situation.ts';
import { chooseTarget } from '../../cluster/failover/target.ts';
import { OperationError, RefusedError } from '../../base/errors.ts';
import type { Host } from '../../inventory/inventory.ts';
import type { Approval } from '../../session/approval.ts';
import { changing } from '../../session/changing.ts';
import { awaitQuiet, awaitSettled } from '../../failover/await-guard.ts';
import { setElectable } from '../../failover/electable.ts';
import type { LookOptions } from '../../failover/look.ts';
import { moveMaster } from '../../failover/move.ts';
import type { Move } from '../../failover/move.ts';
import { demandFragility, newlyFatal, refuseFor } from '../../failover/refuse.ts';
import { requireCluster, requireHost } from '../../failover/require.ts';
import { readJournal, writeJournal } from '../../session/journal/journal.ts';
import type { Journal } from '../../session/journal/journal.ts';
import { describeOperator } from '../../session/operator.ts';
import type { ProbeOptions } from '../../failover/write-probe/probe.ts';
import type { Session } from '../../session/session.ts';
import { createStages } from '../../session/stages.ts';

export type DrainRequest = {
  /** Inventory name of the host. */
  readonly host: string;
  /** Bytes that a replica may be behind; default `defaultMaxLag`. */
  readonly maxLag?: number | undefined;
  /** Write and read back numbered keys during each failover. */
  readonly probe?: ProbeOptions | undefined;
  readonly approval: Approval;
  /** The command line, for the audit log. */
  readonly command: string;
};

export type DrainReport = {
  readonly host: string;
  readonly changed: boolean;
  readonly moves: readonly Move[];
  /** Shards that have no copy in sync elsewhere while the host is away. */
  readonly bareShards: readonly number[];
};

/**
 * Moves every master off a host, one shard at a time, and keeps its replicas from being elected. What was
 * where is remembered on all hosts first, so that any operator can undo it. When it resolves the host may be
 * rebooted. Throws UsageError for an unknown host; RefusedError where a guard, another drained host, the lock
 * or the operator says no; OperationError when a failover did not finish. A rerun resumes.
 */
export async function drain(session: Session, request: DrainRequest): Promise<DrainReport> {
  requireCluster(session.inventory, 'drain');
  const host = requireHost(session.inventory, request.host);
  const { command, approval, probe, maxLag } = request;
  return changing(session, { command, reason: `drain ${host.name}` }, async (held) => {
    const journal = await readJournal(held);
    // The guards judge the host as the one that it is going to be.
    const look = { maxLag, drained: [...Object.keys(journal.drained), host.name] };
    const situation = await awaitSettled(held, look);
    refuseSecond(situation, journal, host.name);
    refuseUnseen(situation, host);
    const choices = chooseTarget(situation, { kind: 'host', host });
    const reasons = guardFailovers(situation, choices, (node) => node.host === host.name);
    refuseFor([...guardCluster(situation), ...reasons], `drain ${host.name}`);
    await demandFragility(approval, newlyFatal(situation, choices));
    const remembered = await remember(held, journal, { host, masters: mastersOn(situation, host.name) });
    const set = await setElectable(held, situation, { host: host.name, electable: false });
    const stages = createStages(held);
    const moves: Move[] = [];
    for (const choice of choices) moves.push(await moveMaster(held, choice, { stages, look, probe }));
    const changed = remembered || set > 0 || moves.length > 0;
    return { host: host.name, changed, moves, bareShards: await proveDrained(held, host, look) };
  });
}

/** While one host is away no second one is touched. */
function refuseSecond({ drained }: Situation, journal: Journal, host: string): void {
  const [other] = drained.filter((name) => name !== host);
  if (other === undefined) return;
  const past = journal.drained[other];
  const who = past ? ` (by ${past.by}, since ${past.since})` : '';
  throw new RefusedError(`${other} is drained already${who}: a second host at the same time is not safe`, {
    hints: [`weedgo-redis undrain ${other} brings it back first.`],
  });
}

/** Nodes that run where nobody sees them could be elected: their host is not drained by leaving them out. */
function refuseUnseen({ view }: Situation, { name, nodes }: Host): void {
  const unseen = view.nodes.flatMap((seen) =>
    // Where nothing listens nothing runs.
    !seen.reachable && seen.failure !== 'refused' && nodes.some(({ id }) => id === seen.node) ? [seen] : [],
  );
  if (unseen.length === 0) return;
  const reasons = unseen.map(({ node, reason }) => `${node} (${reason})`).join('; ');
  throw new RefusedError(`${name} cannot be drained while its nodes do not respond: ${reasons}`, {
    hints: [
      `If ${name} is dead: weedgo-redis failover ${name} --force replaces the masters that were there.`,
    ],
  });
}

/** What was master before a drain that is repeated stays remembered. Resolves to whether anything is new. */
async function remember(
  session: Session,
  journal: Journal,
  { host, masters }: { readonly host: Host; readonly masters: readonly string[] },
): Promise<boolean> {
  const past = journal.drained[host.name];
  const all = [...new Set([...(past?.masters ?? []), ...masters])];
  if (past && all.length === past.masters.length) return false;
  const now = past ?? { since: new Date().toISOString(), by: describeOperator() };
  await writeJournal(session, journal, {
    drained: { ...journal.drained, [host.name]: { ...now, masters: all } },
  });
  return true;
}

/** Looks once more and resolves to the shards that are left without a second copy. */
async function proveDrained(session: Session, host: Host, look: LookOptions): Promise<readonly number[]> {
  const situation = await awaitQuiet(session, `drain ${host.name}`, look);
  const masters = mastersOn(situation, host.name);
  if (masters.length > 0) {
    throw new OperationError(`${masters.join(', ')} became master meanwhile`, {
      host: host.name,
      hints: ['Run the same command again.'],
    });
  }
  return situation.shards
    .filter(({ replicas }) => replicas.some(({ node }) => node.host === host.name))
    .filter(({ replicas }) => !replicas.some(({ node, linked }) => node.host !== host.name && linked))
    .map(({ number }) => number);
}
