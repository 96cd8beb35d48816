import { guardFailovers, guardTarget } from '../../cluster/failover/guard.ts';
import { seatsOf } from '../../cluster/failover/outlook.ts';
import { fatalHosts } from '../../cluster/failover/resilience.ts';
import type { HostLoss } from '../../cluster/failover/resilience.ts';
import type { Situation } from '../../cluster/failover/situation.ts';
import { chooseTarget, parseHeir, parseTarget } from '../../cluster/failover/target.ts';
import type { Target } from '../../cluster/failover/target.ts';
import type { Approval } from '../../session/approval.ts';
import { changing } from '../../session/changing.ts';
import { startReplaced } from '../../failover/fence.ts';
import type { FailoverMode } from '../../failover/promotion.ts';
import { awaitSettled } from '../../failover/await-guard.ts';
import { answering, lookAround } from '../../failover/look.ts';
import type { LookOptions } from '../../failover/look.ts';
import { moveAll } from '../../failover/move.ts';
import type { Move } from '../../failover/move.ts';
import { refuseFor } from '../../failover/refuse.ts';
import { requireCluster } from '../../failover/require.ts';
import { replaceMaster } from '../../failover/replace.ts';
import type { Replaced } from '../../failover/replace.ts';
import { readJournal } from '../../session/journal/journal.ts';
import type { ProbeOptions } from '../../failover/write-probe/probe.ts';
import type { Session } from '../../session/session.ts';
import { createStages } from '../../session/stages.ts';
import type { Stages } from '../../session/stages.ts';

export type { HostLoss } from '../../cluster/failover/resilience.ts';

export type FailoverRequest = {
  /** A node, a shard's number or a host, as `parseTarget` reads it. */
  readonly target: string;
  /** `target` is the node that is to be a master, and may be one already. */
  readonly isHeir?: boolean;
  readonly mode: FailoverMode;
  /** Bytes that a replica may be behind; default `defaultMaxLag`. */
  readonly maxLag?: number | undefined;
  /** Write and read back numbered keys meanwhile. */
  readonly probe?: ProbeOptions | undefined;
  readonly approval: Approval;
  /** The command line, for the audit log. */
  readonly command: string;
};

export type FailoverReport = {
  /** What was done, in order; empty: nothing was to do. */
  readonly moves: readonly (Move | Replaced)[];
  /** Hosts whose loss the cluster would not survive as it is now. */
  readonly fatal: readonly HostLoss[];
};

/**
 * Moves masters to their replicas and proves it. Holds the lock, writes the audit log. Throws UsageError for
 * an unknown target; RefusedError when a guard, the lock or the operator says no; OperationError when a
 * failover did not finish, saying how far it came.
 */
export async function failover(session: Session, request: FailoverRequest): Promise<FailoverReport> {
  requireCluster(session.inventory, 'failover');
  const parse = request.isHeir === true ? parseHeir : parseTarget;
  const target = parse(session.inventory, request.target);
  const { mode, command } = request;
  const change = { command, reason: `failover ${request.target}`, allowMinority: mode !== 'graceful' };
  return changing(session, change, async (held) => {
    const { drained } = await readJournal(held);
    const look = { maxLag: request.maxLag, drained: Object.keys(drained) };
    return mode === 'graceful'
      ? failOverGracefully(held, target, { ...request, look })
      : failOverByForce(held, target, { ...request, mode, look });
  });
}

type Request = FailoverRequest & { readonly look: LookOptions };

async function failOverGracefully(
  session: Session,
  target: Target,
  { look, probe, approval, ...request }: Request,
): Promise<FailoverReport> {
  const situation = await awaitSettled(session, look);
  const choices = chooseTarget(situation, target);
  // A choice without a replica has to be refused before there is one to move to.
  const reasons = guardFailovers(situation, choices);
  refuseFor([...guardTarget(situation, target, choices), ...reasons], `failover ${request.target}`);
  const moves = await moveAll(session, choices, { stages: createStages(session), look, probe, approval });
  return { moves, fatal: await fatalNow(session, look) };
}

async function failOverByForce(
  session: Session,
  target: Target,
  { look, ...request }: Request & { readonly mode: 'force' | 'takeover' },
): Promise<FailoverReport> {
  const stages = createStages(session);
  const first = await lookAround(session, look);
  const moves: Replaced[] = [];
  const choices = chooseTarget(first, target, { dead: true });
  refuseFor(guardTarget(first, target, choices), `failover ${request.target}`);
  for (const { shard } of choices) {
    // What did not answer at first takes seconds not to answer again.
    const situation =
      moves.length === 0 ? first : await lookAround(session, { ...look, among: answering(first) });
    const now: Target =
      target.kind === 'node' || target.kind === 'heir' ? target : { kind: 'node', node: shard.master.node };
    const [choice] = chooseTarget(situation, now, { dead: true });
    if (choice) moves.push(await replaceMaster(session, situation, { ...request, choice, stages }));
  }
  await startFenced(session, moves, { first, look, stages });
  return { moves, fatal: await fatalNow(session, { ...look, among: answering(first) }) };
}

type Starting = { readonly first: Situation; readonly look: LookOptions; readonly stages: Stages };

/** What was stopped to be replaced follows its successor now; first of all every shard is served. */
async function startFenced(
  session: Session,
  moves: readonly Replaced[],
  { first, look, stages }: Starting,
): Promise<void> {
  const fenced = moves
    .filter((move) => move.fenced?.startsAgain === true)
    .map(({ handOver }) => handOver.from);
  for (const node of session.inventory.nodes.filter(({ id }) => fenced.includes(id))) {
    const among = new Set([...answering(first), ...fenced]);
    await stages.run('start', `start ${node.id} again, as a replica`, async () => ({
      value: await startReplaced(session, node, { ...look, among }),
      changed: true,
    }));
  }
}

async function fatalNow(session: Session, look: LookOptions): Promise<readonly HostLoss[]> {
  const { inventory, view } = await lookAround(session, look);
  return fatalHosts(inventory, seatsOf(inventory, view));
}
