import { guardReplacement } from '../cluster/failover/replacement.ts';
import type { Death, Verdict } from '../cluster/failover/replacement.ts';
import { describeLoss, estimateLoss } from '../cluster/failover/losses.ts';
import type { LossEstimate } from '../cluster/failover/losses.ts';
import type { Reason } from '../cluster/failover/reason.ts';
import type { Situation } from '../cluster/failover/situation.ts';
import type { Choice } from '../cluster/failover/target.ts';
import { OperationError } from '../base/errors.ts';
import { isFailure } from '../redis/connection.ts';
import { demandName } from '../session/approval.ts';
import type { Approval } from '../session/approval.ts';
import type { ProbeOptions } from './write-probe/probe.ts';
import type { Session } from '../session/session.ts';
import type { Stages } from '../session/stages.ts';
import { awaitVotes } from './await-guard.ts';
import type { Fence } from './fence.ts';
import { holdDown } from './hold-down.ts';
import { answering, lookAround } from './look.ts';
import { sameChoice } from './move.ts';
import type { Move } from './move.ts';
import { proveDeath } from './prove-death.ts';
import { refuseFor } from './refuse.ts';
import { handOverWatched, hearOffsets } from './watch-loss.ts';
import type { LossAfter } from './watch-loss.ts';

/** A master that was replaced without its consent. */
export type Replaced = Move & {
  readonly death: Death | undefined;
  /** Its process was stopped before it was replaced; undefined: nothing could be, or had to be stopped. */
  readonly fenced: Fence | undefined;
  readonly before: LossEstimate;
  /** What `before` means, as the operator was told. */
  readonly statement: string;
  readonly after: LossAfter;
};

export type ReplaceOptions = {
  readonly mode: 'force' | 'takeover';
  readonly stages: Stages;
  readonly approval: Approval;
  readonly probe?: ProbeOptions | undefined;
};

/** The name to type before a master is replaced that may be alive. */
const shardName = (number: number): string => `shard-${number}`;

/**
 * Replaces a master that is gone. Without proof of its death the operator has to type the shard's name. Where
 * its host is connected it is stopped for certain first. Throws RefusedError when a guard or the operator
 * says no, OperationError when it was not replaced.
 */
export async function replaceMaster(
  session: Session,
  situation: Situation,
  { choice, mode, stages, approval, probe }: ReplaceOptions & { readonly choice: Choice },
): Promise<Replaced> {
  const { shard } = choice;
  const master = shard.master.node.id;
  const first = await judge(session, situation, { choice, mode });
  const isAgreed = first.accepted.length > 0;
  if (isAgreed) {
    const name = shardName(shard.number);
    await demandName(approval, {
      name,
      statements: [...first.accepted.map(({ message }) => message), first.statement],
      question: `Type ${name} to replace ${master} all the same: `,
    });
  } else session.emit({ type: 'node', node: master, message: evidenceOf(first.verdict) });
  // The answer may have taken minutes: a copy that was whole then may be none now.
  const now = isAgreed ? await lookAround(session, situation) : situation;
  const judged = isAgreed ? await judge(session, now, { choice: sameChoice(now, choice), mode }) : first;
  const { before, statement, accepted } = judged;
  const unheard = accepted.filter(({ code }) => !first.accepted.some((reason) => reason.code === code));
  refuseFor(unheard, `failover of ${master} by ${mode}`);
  const { replica } = choice;
  if (!replica) throw new OperationError(`${master} has no replica`, { node: master });
  const title = `shard ${shard.number}: ${replica.node.id} replaces ${master} (${mode})`;
  return stages.run('failover', title, async () => {
    if (mode === 'force') await awaitVotes(session, { among: answering(now) }, { ...choice, mode });
    const held = await holdDown(session, now, { master: shard.master, ...judged });
    const request = { shard, replica, mode, probe, vigil: held.vigil };
    const { move, after } = await handOverWatched(session, now, { request, heard: before.master });
    const { death, fenced } = held;
    return { value: { ...move, death, fenced, before, statement, after }, changed: true };
  });
}

type Judgement = {
  readonly verdict: Verdict;
  readonly provenAt: number;
  readonly before: LossEstimate;
  readonly statement: string;
  /** What the operator has to accept. */
  readonly accepted: readonly Reason[];
};

/** Throws RefusedError where something forbids it, whatever the operator says. */
async function judge(
  session: Session,
  situation: Situation,
  { choice, mode }: Pick<ReplaceOptions, 'mode'> & { readonly choice: Choice },
): Promise<Judgement> {
  const { master } = choice.shard;
  const [verdict, heard, keys] = await Promise.all([
    proveDeath(session, situation, master),
    hearOffsets(session, situation),
    countKeys(session, choice),
  ]);
  const { refusals, accepted } = guardReplacement(situation, choice, { mode, verdict, keys });
  refuseFor(refusals, `failover of ${master.node.id} by ${mode}`);
  const before = estimateLoss(situation, choice, heard);
  return { verdict, provenAt: performance.now(), before, statement: describeLoss(before), accepted };
}

const evidenceOf = (verdict: Verdict): string =>
  verdict.kind === 'dead' ? verdict.death.evidence.join('; ') : verdict.why;

/** undefined: it did not say. */
async function countKeys(session: Session, { replica }: Choice): Promise<number | undefined> {
  const connection = replica && (await session.redis(replica.node));
  if (!connection || isFailure(connection)) return undefined;
  const keys = Number(await connection.call(['DBSIZE']).catch(() => Number.NaN));
  return Number.isNaN(keys) ? undefined : keys;
}
