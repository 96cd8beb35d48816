import { guardFailovers, guardTarget } from '../../cluster/failover/guard.ts';
import { seatsOf } from '../../cluster/failover/outlook.ts';
import type { Reason } from '../../cluster/failover/reason.ts';
import type { Situation } from '../../cluster/failover/situation.ts';
import { guardInSync } from '../../cluster/failover/sync.ts';
import { chooseTarget, parseTarget } from '../../cluster/failover/target.ts';
import type { Target } from '../../cluster/failover/target.ts';
import { describeGood, newlyRefused } from '../../cluster/failover/writes.ts';
import type { Shard } from '../../cluster/shape.ts';
import { RefusedError, UsageError } from '../../base/errors.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import { demandName } from '../../session/approval.ts';
import type { Approval } from '../../session/approval.ts';
import { changing } from '../../session/changing.ts';
import type { DrillKind } from './bring-down.ts';
import { demandFolder, readRecords, writeRecord } from './records.ts';
import type { DrillRecord } from './records.ts';
import { rehearse, startAgain } from './rehearse.ts';
import type { Rehearsal } from './rehearse.ts';
import { awaitQuiet } from '../../failover/await-guard.ts';
import { refuseFor } from '../../failover/refuse.ts';
import { requireCluster } from '../../failover/require.ts';
import { guardNextStart } from '../../failover/guard-stop.ts';
import { readJournal } from '../../session/journal/journal.ts';
import type { ProbeOptions } from '../../failover/write-probe/probe.ts';
import { observe } from '../../observation/observe.ts';
import type { Session } from '../../session/session.ts';
import { createStages } from '../../session/stages.ts';
import type { Stages } from '../../session/stages.ts';

export type DrillRequest = {
  /** A shard's number, or a node of the shard. */
  readonly target: string;
  readonly how: DrillKind;
  /** Also where the inventory says production. */
  readonly iKnow: boolean;
  readonly probe: ProbeOptions;
  readonly approval: Approval;
  /** The command line, for the audit log. */
  readonly command: string;
};

export type DrillReport = Rehearsal & {
  /** Where the record was written. */
  readonly file: string;
  /** All records of the cluster with this one, oldest first. */
  readonly trend: readonly DrillRecord[];
};

/**
 * Brings a master's process down on purpose, leaves the cluster to itself, measures how it recovers and what
 * is lost, starts the node again and gives its role back. Throws RefusedError on a production inventory
 * without `iKnow`, without a folder for its record, without the cluster's name, where anything is not well,
 * or while another holds the lock; OperationError when the cluster does not recover: the node is started
 * again in any case.
 */
export async function drill(session: Session, request: DrillRequest): Promise<DrillReport> {
  const { inventory } = session;
  const { how, approval, probe } = request;
  requireCluster(inventory, 'drill');
  const target = parseTarget(inventory, request.target);
  if (target.kind === 'host')
    throw new UsageError('a drill is of one shard: name its number or a node of it');
  refuseProduction(inventory, request);
  await demandFolder(inventory);
  return changing(session, { command: request.command, reason: `drill ${request.target}` }, async (held) => {
    const stages = createStages(held);
    await finishEarlier(held, stages);
    const { drained } = await readJournal(held);
    const situation = await awaitQuiet(held, 'the drill', { drained: Object.keys(drained) });
    const shard = chooseShard(situation, target);
    refuseFor(guardNextStart(inventory, await observe(held), [shard.master.node.id]), 'the drill');
    await demandName(approval, {
      name: inventory.cluster,
      statements: [
        `${shard.master.node.id} goes down (${how}); shard ${shard.number} takes no writes until a replica is elected`,
        ...refusedMeanwhile(situation, shard),
      ],
      question: `Type ${inventory.cluster} to continue: `,
    });
    const rehearsal = await rehearse(held, situation, { shard, how, probe, stages });
    const file = await writeRecord(inventory, rehearsal.record);
    return { ...rehearsal, file, trend: await readRecords(inventory) };
  });
}

function refuseProduction({ production, cluster }: Inventory, { iKnow }: DrillRequest): void {
  if (!production || iKnow) return;
  throw new RefusedError(`${cluster} is a production cluster: a drill takes a shard down for seconds`, {
    hints: ['Say production: false in the inventory of a test cluster, or --i-know.'],
  });
}

/** The successor may refuse writes as long as the old master does not follow it. */
function refusedMeanwhile({ inventory, view }: Situation, { master }: Shard): readonly string[] {
  const seats = seatsOf(inventory, view);
  return newlyRefused({ seats }, { seats, away: (node) => node === master.node }).map(
    (refusal) =>
      `shard ${refusal.number} then refuses writes until ${master.node.id} is started again: ${describeGood(refusal)}`,
  );
}

/** A drill that was killed has left its node down. */
async function finishEarlier(session: Session, stages: Stages): Promise<void> {
  const past = (await readJournal(session)).drill;
  const node = session.inventory.nodes.find(({ id }) => id === past?.node);
  if (!node) return;
  session.emit({
    type: 'warning',
    node: node.id,
    message: 'an earlier drill of it was interrupted: it is finished first',
  });
  await startAgain(session, node, stages);
}

function chooseShard(situation: Situation, target: Target): Shard {
  const choices = chooseTarget(situation, target);
  const drained = situation.drained.map((host): Reason => {
    const hints = [`weedgo-redis undrain ${host} brings it back.`];
    return { code: 'replica-drained', message: `${host} is drained`, hints };
  });
  const reasons = guardFailovers(situation, choices);
  refuseFor(
    [...guardTarget(situation, target, choices), ...reasons, ...guardInSync(situation), ...drained],
    'the drill',
  );
  const [choice] = choices;
  if (!choice) throw new RefusedError('there is no such shard');
  return choice.shard;
}
