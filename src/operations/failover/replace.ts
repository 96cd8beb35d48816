import { setTimeout as sleep } from 'node:timers/promises';
import { guardReplacement } from '../../cluster/failover/replacement.ts';
import type { Death } from '../../cluster/failover/replacement.ts';
import { describeLoss, estimateLoss, parseShardOffsets } from '../../cluster/failover/losses.ts';
import type { LossEstimate } from '../../cluster/failover/losses.ts';
import type { Reason } from '../../cluster/failover/reason.ts';
import { parseInfo } from '../../cluster/parse.ts';
import type { Member } from '../../cluster/shape.ts';
import type { InfoFields } from '../../cluster/view.ts';
import type { Situation } from '../../cluster/failover/situation.ts';
import type { Choice } from '../../cluster/failover/target.ts';
import { OperationError } from '../../errors.ts';
import { isFailure } from '../../redis/connection.ts';
import { demandName } from '../approval.ts';
import type { Approval } from '../approval.ts';
import type { ProbeOptions } from '../probe/probe.ts';
import type { Session } from '../session.ts';
import type { Stages } from '../stage.ts';
import { awaitVotes } from './await-guard.ts';
import type { HandOver } from './hand-over.ts';
import { answering, lookAround } from './look.ts';
import { handOverProbed, sameChoice } from './move.ts';
import type { Move } from './move.ts';
import { proveDeath } from './prove-death.ts';
import { refuseFor } from './refuse.ts';

/** A master that was replaced without its consent. */
export type Replaced = Move & {
  readonly death: Death | undefined;
  readonly before: LossEstimate;
  /** What `before` means, as the operator was told. */
  readonly statement: string;
  readonly after: LossAfter;
};

export type LossAfter = {
  /** The offset at which the replica became master. */
  readonly tookOverAt: number | undefined;
  /** The last offset at which the old master was seen as master, by itself or by the bus. */
  readonly masterSeenAt: number | undefined;
  /** Bytes of the stream that are known to be lost: the difference. What was acknowledged unseen comes on top. */
  readonly lostBytes: number | undefined;
  /**
   * The old master had to be copied to anew: it had gone on by itself, and what it acknowledged then is lost. False:
   * its stream ended where the new one began. undefined: it is not back.
   */
  readonly diverged: boolean | undefined;
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
 * Replaces a master that is gone. Without proof of its death the operator has to type the shard's name. Throws
 * RefusedError when a guard or the operator says no, OperationError when it does not come to its end.
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
  } else session.emit({ type: 'node', node: master, message: (first.death?.evidence ?? []).join('; ') });
  // The answer may have taken minutes: a copy that was whole then may be none now.
  const now = isAgreed ? await lookAround(session, situation) : situation;
  const { death, before, statement, accepted } = isAgreed
    ? await judge(session, now, { choice: sameChoice(now, choice), mode })
    : first;
  const unheard = accepted.filter(({ code }) => !first.accepted.some((reason) => reason.code === code));
  refuseFor(unheard, `failover of ${master} by ${mode}`);
  const { replica } = choice;
  if (!replica) throw new OperationError(`${master} has no replica`, { node: master });
  const title = `shard ${shard.number}: ${replica.node.id} replaces ${master} (${mode})`;
  const request = { shard, replica, mode, probe };
  return stages.run('failover', title, async () => {
    if (mode === 'force') await awaitVotes(session, { among: answering(now) }, { ...choice, mode });
    const { move, after } = await handOverWatched(session, now, { request, heard: before.master });
    return { value: { ...move, death, before, statement, after }, changed: true };
  });
}

type Judgement = {
  readonly death: Death | undefined;
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
  const [death, heard, keys] = await Promise.all([
    proveDeath(session, situation, master),
    hearOffsets(session, situation),
    countKeys(session, choice),
  ]);
  const { refusals, accepted } = guardReplacement(situation, choice, { mode, death, keys });
  refuseFor(refusals, `failover of ${master.node.id} by ${mode}`);
  const before = estimateLoss(situation, choice, heard);
  return { death, before, statement: describeLoss(before), accepted };
}

async function handOverWatched(
  session: Session,
  situation: Situation,
  {
    request,
    heard,
  }: { readonly request: Parameters<typeof handOverProbed>[2]; readonly heard: number | undefined },
): Promise<{ readonly move: Move; readonly after: LossAfter }> {
  const { shard, replica } = request;
  const watch = watchOffset(session, shard.master, situation);
  try {
    const copies = await readCopies(session, replica);
    const move = await handOverProbed(session, situation, request);
    const masterSeenAt = watch.last() ?? heard;
    return { move, after: await lossAfter(session, move.handOver, { replica, copies, masterSeenAt }) };
  } finally {
    watch.stop();
  }
}

async function countKeys(session: Session, { replica }: Choice): Promise<number> {
  const connection = replica && (await session.redis(replica.node));
  return !connection || isFailure(connection) ? 0 : Number(await connection.call(['DBSIZE']));
}

/** What the bus last told each node of every node's offset; nothing from servers without CLUSTER SHARDS (6.2). */
async function hearOffsets(
  session: Session,
  situation: Situation,
): Promise<readonly ReadonlyMap<string, number>[]> {
  const asked = answering(situation);
  return Promise.all(
    session.inventory.nodes
      .filter(({ id }) => asked.has(id))
      .map(async (node) => {
        const connection = await session.redis(node);
        if (isFailure(connection)) return new Map<string, number>();
        return parseShardOffsets(await connection.call(['CLUSTER', 'SHARDS']).catch(() => undefined));
      }),
  );
}

/** Reads a living master's offset every few ms until it follows the new one or the watch is stopped. */
function watchOffset(
  session: Session,
  { node }: Member,
  situation: Situation,
): { readonly last: () => number | undefined; readonly stop: () => void } {
  const stopped = new AbortController();
  let last: number | undefined;
  const watch = async (): Promise<void> => {
    const connection = await session.redis(node);
    while (!stopped.signal.aborted && !isFailure(connection)) {
      const info = parseInfo(String(await connection.call(['INFO', 'replication'])));
      // Demoted and not yet copied to, it still tells how far it had come.
      const isMaster = info['role'] === 'master';
      if (!isMaster && info['master_link_status'] === 'up') return;
      last = Math.max(last ?? 0, Number(info[isMaster ? 'master_repl_offset' : 'slave_repl_offset']));
      await sleep(4);
    }
  };
  // A master that dies meanwhile has nothing more to say.
  if (answering(situation).has(node.id)) void watch().catch(() => undefined);
  return { last: () => last, stop: () => stopped.abort() };
}

/** second_repl_offset is the first offset that is no longer the old master's (INFO replication). */
async function lossAfter(
  session: Session,
  { masterGone }: HandOver,
  seen: {
    readonly replica: Member;
    readonly copies: number;
    readonly masterSeenAt: number | undefined;
  },
): Promise<LossAfter> {
  const { replica, copies, masterSeenAt } = seen;
  const second = Number(
    (await readInfo(session, replica, 'replication'))['second_repl_offset'] ?? Number.NaN,
  );
  const tookOverAt = second > 0 ? second - 1 : undefined;
  const known = masterSeenAt !== undefined && tookOverAt !== undefined;
  return {
    tookOverAt,
    masterSeenAt,
    lostBytes: known ? Math.max(0, masterSeenAt - tookOverAt) : undefined,
    diverged: masterGone ? undefined : (await readCopies(session, replica)) > copies,
  };
}

/** How many replicas this node has had to copy itself to (sync_full). */
async function readCopies(session: Session, member: Member): Promise<number> {
  return Number((await readInfo(session, member, 'stats'))['sync_full'] ?? 0);
}

async function readInfo(session: Session, { node }: Member, section: string): Promise<InfoFields> {
  const connection = await session.redis(node);
  return isFailure(connection) ? {} : parseInfo(String(await connection.call(['INFO', section])));
}
