import { replicasOf } from '../cluster/failover/agreed.ts';
import type { Swap } from '../cluster/failover/agreed.ts';
import { memberOf, offsetOf, viewOf } from '../cluster/failover/situation.ts';
import type { Situation } from '../cluster/failover/situation.ts';
import type { Member, Shard } from '../cluster/shape.ts';
import type { Session } from '../session/session.ts';
import { awaitInSync } from './await-sync.ts';
import { answering } from './look.ts';
import { promote } from './promote.ts';
import type { FailoverMode } from './promotion.ts';
import { noteReplaced } from './unchallenged.ts';
import type { Vigil } from './vigil.ts';

/** Bytes of the replication stream, by each one's own word; undefined: it could not be asked. */
export type Offsets = { readonly from: number | undefined; readonly to: number | undefined };

/** A failover as it was seen to happen. Times in ms since Redis accepted the command. */
export type HandOver = {
  readonly shard: number;
  /** Inventory ids of the old and the new master. */
  readonly from: string;
  readonly to: string;
  readonly mode: FailoverMode;
  /** The new master says that it is one. */
  readonly promotedMs: number;
  /** Every node that answers sees the same masters, replicas and slots. */
  readonly agreedMs: number;
  /** The shard's replicas, the old master among them if it lives, are in sync with the new one. */
  readonly syncedMs: number;
  /** The old master did not answer. */
  readonly masterGone: boolean;
  readonly offsets: { readonly before: Offsets; readonly after: Offsets };
  /** The shard's config epoch. */
  readonly epochs: { readonly before: number; readonly after: number };
};

export type HandOverRequest = {
  readonly shard: Shard;
  readonly replica: Member;
  readonly mode: FailoverMode;
  readonly vigil?: Vigil | undefined;
};

/**
 * Makes a replica master of its shard and watches until every node agrees and the old master replicates it.
 * The guards are the caller's. Throws OperationError when it does not happen, saying what did. Interruptions
 * wait until the nodes agree: half a failover is nothing to leave behind.
 */
export async function handOver(
  session: Session,
  situation: Situation,
  { shard, replica, mode, vigil }: HandOverRequest,
): Promise<HandOver> {
  const swap: Swap = { shard, replica, masterGone: viewOf(situation, shard.master) === undefined };
  const { acceptedAt, promotedMs, agreedMs, hasEnded } = await promote(session, situation, {
    ...swap,
    mode,
    vigil,
  });
  noteReplaced(session.inventory, shard.master.nodeId);
  const followers = replicasOf(swap)
    .filter((member) => viewOf(situation, member))
    .filter(({ node }) => !hasEnded || node.id !== shard.master.node.id);
  const after = await awaitInSync(session, [replica.node.id, ...followers.map(({ node }) => node.id)], {
    maxLag: situation.maxLag,
    among: answering(situation),
  });
  const syncedMs = Math.round(performance.now() - acceptedAt);
  return {
    shard: shard.number,
    from: shard.master.node.id,
    to: replica.node.id,
    mode,
    promotedMs,
    agreedMs,
    syncedMs,
    masterGone: swap.masterGone || hasEnded,
    offsets: { before: offsetsOf(situation, swap), after: offsetsOf(after, swap) },
    epochs: {
      before: shard.master.configEpoch,
      after: memberOf(after, replica.node.id)?.configEpoch ?? shard.master.configEpoch,
    },
  };
}

function offsetsOf(situation: Situation, { shard, replica }: Swap): Offsets {
  const of = (member: Member): number | undefined => {
    const now = memberOf(situation, member.node.id);
    return now && offsetOf(situation, now);
  };
  return { from: of(shard.master), to: of(replica) };
}
