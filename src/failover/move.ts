import { setTimeout as sleep } from 'node:timers/promises';
import { guardFailovers } from '../cluster/failover/guard.ts';
import type { Situation } from '../cluster/failover/situation.ts';
import type { Choice } from '../cluster/failover/target.ts';
import { RefusedError } from '../base/errors.ts';
import type { Approval } from '../session/approval.ts';
import { startProbe } from './write-probe/probe.ts';
import type { ProbeOptions, ProbeReport } from './write-probe/probe.ts';
import type { Session } from '../session/session.ts';
import type { Stages } from '../session/stages.ts';
import { awaitVotes } from './await-guard.ts';
import { awaitCaughtUp } from './caught-up.ts';
import { handOver } from './hand-over.ts';
import type { HandOver, HandOverRequest } from './hand-over.ts';
import { lookAround } from './look.ts';
import type { LookOptions } from './look.ts';
import { demandFragility, newlyFatal, refuseFor } from './refuse.ts';
import { restFirst } from './rest.ts';

export type Move = { readonly handOver: HandOver; readonly probe: ProbeReport | undefined };

export type MoveOptions = {
  readonly stages: Stages;
  readonly look: LookOptions;
  readonly probe?: ProbeOptions | undefined;
};

export type MoveAllOptions = MoveOptions & { readonly approval: Approval };

/** How long the probe writes before and after, so that the gap has something around it. */
const probeMarginMs = 250;

/**
 * One graceful failover: looks again, guards again, does it. The choice may be as old as the operator's
 * answer, or as the failover before it. Throws as `handOver` does, and RefusedError when it may not be done
 * any more.
 */
export async function moveMaster(
  session: Session,
  choice: Choice,
  { stages, look, probe }: MoveOptions,
): Promise<Move> {
  const from = choice.shard.master.node.id;
  const to = choice.replica?.node.id ?? 'nobody';
  await restFirst(session, await lookAround(session, look), { stages, choice });
  return stages.run('failover', `shard ${choice.shard.number}: ${to} takes over from ${from}`, async () => {
    const situation = await awaitVotes(session, look, { ...choice, mode: 'graceful' });
    const now = sameChoice(situation, choice);
    refuseFor(guardFailovers(situation, [now]), `failover of ${from} to ${to}`);
    if (!now.replica) throw new RefusedError(`${from} has no replica`);
    await awaitCaughtUp(session, situation, now);
    const request = { shard: now.shard, replica: now.replica, mode: 'graceful' } as const;
    return { value: await handOverProbed(session, situation, { ...request, probe }), changed: true };
  });
}

/**
 * One failover after the other. All of them are guarded, and what the layout would no longer survive is
 * agreed to, before the first. Throws as `moveMaster` does, and RefusedError without the operator's yes.
 */
export async function moveAll(
  session: Session,
  choices: readonly Choice[],
  { approval, ...options }: MoveAllOptions,
): Promise<readonly Move[]> {
  if (choices.length === 0) return [];
  const situation = await lookAround(session, options.look);
  const now = choices.map((choice) => sameChoice(situation, choice));
  refuseFor(guardFailovers(situation, now), 'moving masters');
  await demandFragility(approval, newlyFatal(situation, now));
  const moves: Move[] = [];
  for (const choice of now) moves.push(await moveMaster(session, choice, options));
  return moves;
}

/**
 * Writes and reads back numbered keys around a failover. A probe that fails with it still says what it found.
 */
export async function handOverProbed(
  session: Session,
  situation: Situation,
  { probe: options, ...request }: HandOverRequest & { readonly probe: ProbeOptions | undefined },
): Promise<Move> {
  if (!options) return { handOver: await handOver(session, situation, request), probe: undefined };
  const probe = await startProbe(session, request.shard, options);
  try {
    await sleep(probeMarginMs);
    const done = await handOver(session, situation, request);
    await sleep(probeMarginMs);
    return { handOver: done, probe: await probe.finish() };
  } catch (error) {
    const { acknowledged, lost } = await probe.finish();
    const message = `the probe had ${acknowledged} writes acknowledged, ${lost} of them lost`;
    session.emit({ type: 'warning', message, node: request.replica.node.id });
    throw error;
  }
}

/** The same failover in a newer situation. */
export function sameChoice(situation: Situation, { shard, replica }: Choice): Choice {
  const now = situation.shards.find(({ master }) => master.nodeId === shard.master.nodeId);
  const heir = replica && now?.replicas.find(({ nodeId }) => nodeId === replica.nodeId);
  if (now && heir) return { shard: now, replica: heir };
  if (!replica) throw new RefusedError(`${shard.master.node.id} has no replica that could take over`);
  throw new RefusedError(
    `${replica.node.id} no longer replicates ${shard.master.node.id}: another failover came first`,
    { hints: ['Run the same command again: it looks again.'] },
  );
}
