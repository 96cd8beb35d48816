import { setTimeout as sleep } from 'node:timers/promises';
import { parseShardOffsets } from '../cluster/failover/losses.ts';
import type { Heard } from '../cluster/failover/losses.ts';
import type { Situation } from '../cluster/failover/situation.ts';
import { numberIn, parseInfo } from '../cluster/parse.ts';
import type { Member } from '../cluster/shape.ts';
import type { InfoFields } from '../cluster/view.ts';
import { OperationError } from '../base/errors.ts';
import type { Node } from '../inventory/inventory.ts';
import { isFailure, ReplyError } from '../redis/connection.ts';
import type { Session } from '../session/session.ts';
import type { HandOver } from './hand-over.ts';
import { answering } from './look.ts';
import { handOverProbed } from './move.ts';
import type { Move } from './move.ts';

export type LossAfter = {
  /** The offset at which the replica became master. */
  readonly tookOverAt: number | undefined;
  /** The last offset at which the old master was seen as master, by itself or by the bus. */
  readonly masterSeenAt: number | undefined;
  /**
   * Bytes of the stream that are known to be lost: the difference. What was acknowledged unseen comes on top.
   */
  readonly lostBytes: number | undefined;
  /**
   * The new master has made a full copy since it took over: the old master had continued by itself, and the
   * writes that it acknowledged then are lost. False: its stream ended where the new one began. undefined: it
   * is not back, or the new master did not say.
   */
  readonly diverged: boolean | undefined;
};

/** A failover without the old master's consent, and what it is known to have lost. */
export async function handOverWatched(
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

/**
 * What the bus last told each node of every node's offset; servers without CLUSTER SHARDS (6.2) have no word
 * for it.
 */
export async function hearOffsets(session: Session, situation: Situation): Promise<Heard> {
  const asked = answering(situation);
  const replies = await Promise.all(
    session.inventory.nodes
      .filter(({ id }) => asked.has(id))
      .map(async (node) => ({ id: node.id, reply: await readShards(session, node) })),
  );
  return {
    offsets: replies.flatMap(({ reply }) => (reply === undefined ? [] : parseShardOffsets(reply))),
    unheard: replies.flatMap(({ id, reply }) => (reply === undefined ? id : [])),
  };
}

/** undefined: it did not answer. */
async function readShards(session: Session, node: Node): Promise<unknown> {
  const connection = await session.redis(node);
  if (isFailure(connection)) return undefined;
  try {
    return await connection.call(['CLUSTER', 'SHARDS']);
  } catch (error) {
    if (error instanceof ReplyError) return [];
    if (error instanceof OperationError) return undefined;
    throw error;
  }
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
      const offset = numberIn(info, isMaster ? 'master_repl_offset' : 'slave_repl_offset');
      if (offset !== undefined) last = Math.max(last ?? 0, offset);
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
    readonly copies: number | undefined;
    readonly masterSeenAt: number | undefined;
  },
): Promise<LossAfter> {
  const { replica, copies, masterSeenAt } = seen;
  const second = numberIn(await readInfo(session, replica, 'replication'), 'second_repl_offset');
  const tookOverAt = second !== undefined && second > 0 ? second - 1 : undefined;
  const known = masterSeenAt !== undefined && tookOverAt !== undefined;
  const now = masterGone ? undefined : await readCopies(session, replica);
  return {
    tookOverAt,
    masterSeenAt,
    lostBytes: known ? Math.max(0, masterSeenAt - tookOverAt) : undefined,
    diverged: now === undefined || copies === undefined ? undefined : now > copies,
  };
}

/** How many replicas this node has had to copy itself to (sync_full); undefined: it did not say. */
async function readCopies(session: Session, member: Member): Promise<number | undefined> {
  return numberIn(await readInfo(session, member, 'stats'), 'sync_full');
}

/**
 * Empty: it did not answer. What it accounts for is done by now, and a failed question must not hide that.
 */
async function readInfo(session: Session, { node }: Member, section: string): Promise<InfoFields> {
  const connection = await session.redis(node);
  if (isFailure(connection)) return {};
  try {
    return parseInfo(String(await connection.call(['INFO', section])));
  } catch (error) {
    if (error instanceof OperationError) return {};
    throw error;
  }
}
