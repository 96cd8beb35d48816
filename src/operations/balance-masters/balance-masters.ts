import { guardCluster } from '../../cluster/failover/guard-cluster.ts';
import { planRoles, preferredMasters } from '../../cluster/failover/roles.ts';
import type { Approval } from '../../session/approval.ts';
import { changing } from '../../session/changing.ts';
import { awaitSettled } from '../../failover/await-guard.ts';
import { moveAll } from '../../failover/move.ts';
import type { Move } from '../../failover/move.ts';
import { refuseFor } from '../../failover/refuse.ts';
import { requireCluster } from '../../failover/require.ts';
import { readJournal } from '../../session/journal/journal.ts';
import type { ProbeOptions } from '../../failover/write-probe/probe.ts';
import type { Session } from '../../session/session.ts';
import { createStages } from '../../session/stages.ts';

export type BalanceRequest = {
  /** Bytes that a replica may be behind; default `defaultMaxLag`. */
  readonly maxLag?: number | undefined;
  readonly probe?: ProbeOptions | undefined;
  readonly approval: Approval;
  /** The command line, for the audit log. */
  readonly command: string;
};

export type BalanceReport = {
  readonly moves: readonly Move[];
  /** Preferred masters that could not be made masters, and why; those on drained hosts are not wanted now. */
  readonly problems: readonly string[];
};

/**
 * Gives the masters back to the nodes that the inventory prefers, except those on drained hosts. The report
 * is empty when there is nothing to do. Throws as `failover` does.
 */
export async function balanceMasters(session: Session, request: BalanceRequest): Promise<BalanceReport> {
  requireCluster(session.inventory, 'balance-masters');
  const { command, maxLag } = request;
  return changing(session, { command, reason: 'balance-masters' }, async (held) => {
    const { drained } = await readJournal(held);
    const look = { maxLag, drained: Object.keys(drained) };
    const situation = await awaitSettled(held, look);
    refuseFor(guardCluster(situation), 'balance-masters');
    const { choices, problems } = planRoles(situation, preferredMasters(situation));
    const moves = await moveAll(held, choices, { ...request, look, stages: createStages(held) });
    return { moves, problems };
  });
}
