import { setTimeout as sleep } from 'node:timers/promises';
import { planRoles } from '../../cluster/failover/roles.ts';
import type { Situation } from '../../cluster/failover/situation.ts';
import { guardInSync } from '../../cluster/failover/sync.ts';
import { parseInfo } from '../../cluster/parse.ts';
import type { Shard } from '../../cluster/shape.ts';
import { OperationError, RefusedError } from '../../base/errors.ts';
import type { Node } from '../../inventory/inventory.ts';
import { messageOf } from '../../base/message-of.ts';
import { isFailure } from '../../redis/connection.ts';
import { awaitQuiet } from '../../failover/await-guard.ts';
import { awaitInSync } from '../../failover/await-sync.ts';
import { refuseFor } from '../../failover/refuse.ts';
import { moveMaster } from '../../failover/move.ts';
import type { Move } from '../../failover/move.ts';
import { restFirst } from '../../failover/rest.ts';
import { serviceOf, startNode } from '../../failover/restart-node.ts';
import { readJournal, writeJournal } from '../../session/journal/journal.ts';
import { describeOperator } from '../../session/operator.ts';
import { startProbe } from '../../failover/write-probe/probe.ts';
import type { ProbeOptions, ProbeReport } from '../../failover/write-probe/probe.ts';
import type { Session } from '../../session/session.ts';
import { waitTellers } from '../../session/wait-teller.ts';
import { createStages } from '../../session/stages.ts';
import type { Stages } from '../../session/stages.ts';
import { bringDown } from './bring-down.ts';
import type { DrillKind } from './bring-down.ts';
import type { DrillRecord } from './records.ts';
import { watchRecovery } from './watch.ts';
import type { Recovery } from './watch.ts';

export type RehearsalRequest = {
  readonly shard: Shard;
  readonly how: DrillKind;
  readonly probe: ProbeOptions;
  readonly stages: Stages;
};

export type Rehearsal = {
  readonly record: DrillRecord;
  readonly probe: ProbeReport;
  /** The role given back to the node that was brought down. */
  readonly back: Move | undefined;
};

/** How long the probe writes before the master goes and after the cluster has recovered. */
const marginMs = 1000;

/**
 * Brings the shard's master down, watches, starts it again and gives its role back, all under a probe. The
 * guards are the caller's. Throws OperationError when the cluster does not recover; the node is started again
 * all the same.
 */
export async function rehearse(
  session: Session,
  situation: Situation,
  request: RehearsalRequest,
): Promise<Rehearsal> {
  const { shard, how, stages } = request;
  const { node } = shard.master;
  const server = await readServer(session, node);
  for (const replica of shard.replicas)
    await restFirst(session, situation, { stages, choice: { shard, replica } });
  const probe = await startProbe(session, shard, request.probe);
  let isRemembered = false;
  try {
    await sleep(marginMs);
    await demandStillWell(session, shard);
    isRemembered = true;
    await remember(session, node);
    const at = new Date();
    const recovery = await stages.run('drill', `${how} ${node.id} and watch`, async () => ({
      value: await bringDownAndWatch(session, request, server.nodeTimeoutMs),
      changed: true,
    }));
    await sleep(marginMs);
    const back = await startAgain(session, node, stages);
    const report = await probe.finish();
    return { record: recordOf(session, { ...request, at, server, recovery, report }), probe: report, back };
  } catch (error) {
    // An interruption must not leave the node down either, and reading back what is not served takes its
    // time.
    const calm = { ...session, signal: new AbortController().signal };
    const tell = (what: string) => (second: unknown) =>
      session.emit({ type: 'warning', node: node.id, message: `${what}: ${messageOf(second)}` });
    // Without the lock it is left alone: another operator may want it down, and the journal names the drill.
    if (isRemembered)
      await startAgain(calm, node, createStages(session)).catch(tell('it was not started again'));
    await probe.finish().catch(tell('the probe could not read back what it wrote'));
    throw error;
  }
}

/** The operator's answer and the probe have taken their time: the shard must be as whole as it was. */
async function demandStillWell(session: Session, { master, number }: Shard): Promise<void> {
  const situation = await awaitQuiet(session, 'the drill', {});
  const now = situation.shards.find((shard) => shard.master.nodeId === master.nodeId);
  if (!now || now.replicas.length === 0) {
    throw new RefusedError(`shard ${number} has changed since the drill began`, {
      hints: ['Run the same command again: it looks again.'],
    });
  }
  refuseFor(guardInSync(situation), 'the drill');
}

/**
 * Starts a node that a drill brought down if it does not run, waits until it is in sync and gives it its role
 * back.
 */
export async function startAgain(session: Session, node: Node, stages: Stages): Promise<Move | undefined> {
  await stages.run('start', `start ${node.id} again`, async () => ({
    value: await startNode(session, node, {}),
    changed: true,
  }));
  // It starts as the master that it was. Its new master is known once the cluster agrees on the roles.
  await awaitQuiet(session, 'the drill', {});
  const [choice] = planRoles(await awaitInSync(session, [node.id], {}), [node.id]).choices;
  const back = choice && (await moveMaster(session, choice, { stages, look: {} }));
  await writeJournal(session, await readJournal(session), { drill: undefined });
  return back;
}

/** Should this process be killed, the next drill starts the node first. */
async function remember(session: Session, { id }: Node): Promise<void> {
  const since = new Date().toISOString();
  await writeJournal(session, await readJournal(session), {
    drill: { since, by: describeOperator(), node: id },
  });
}

async function bringDownAndWatch(
  session: Session,
  { shard, how }: RehearsalRequest,
  nodeTimeoutMs: number,
): Promise<Recovery> {
  const { node } = shard.master;
  const tell = waitTellers(session.emit, node.host);
  const downAt = await bringDown(await serviceOf(session, node), how, tell);
  return watchRecovery(session, { shard, downAt, deadlineMs: 4 * nodeTimeoutMs + 30_000 });
}

type Server = { readonly version: string; readonly nodeTimeoutMs: number };

async function readServer(session: Session, node: Node): Promise<Server> {
  const connection = await session.redis(node);
  if (isFailure(connection)) throw new OperationError(connection.reason, { node: node.id });
  const [info, config] = await connection.pipeline([
    ['INFO', 'server'],
    ['CONFIG', 'GET', 'cluster-node-timeout'],
  ]);
  const fields = parseInfo(String(info));
  const nodeTimeoutMs = Array.isArray(config) ? Number(config[1]) : Number.NaN;
  // How long the drill waits, and its record, rest on it.
  if (!(nodeTimeoutMs > 0))
    throw new OperationError(`${node.id} does not say its cluster-node-timeout`, { node: node.id });
  return {
    version: fields['valkey_version'] ?? fields['redis_version'] ?? 'unknown',
    nodeTimeoutMs,
  };
}

function recordOf(
  { inventory }: Session,
  done: RehearsalRequest & {
    readonly at: Date;
    readonly server: Server;
    readonly recovery: Recovery;
    readonly report: ProbeReport;
  },
): DrillRecord {
  const { recovery, report, server } = done;
  const { suspectedMs, detectedMs } = recovery;
  return {
    schemaVersion: 1,
    at: done.at.toISOString(),
    by: describeOperator(),
    cluster: inventory.cluster,
    how: done.how,
    shard: done.shard.number,
    from: done.shard.master.node.id,
    to: recovery.to,
    ...server,
    ...(suspectedMs !== undefined && { suspectedMs }),
    ...(detectedMs !== undefined && { detectedMs }),
    promotedMs: recovery.promotedMs,
    recoveredMs: recovery.recoveredMs,
    longestGapMs: report.longestGapMs,
    acknowledged: report.acknowledged,
    lost: report.lost,
    errors: report.errors,
  };
}
