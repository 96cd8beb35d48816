import type { Shard } from '../shape.ts';
import { offsetOf } from './situation.ts';
import type { Situation } from './situation.ts';
import type { Choice } from './target.ts';

/** How far a shard's data is known to have come, in bytes of the replication stream. */
export type LossEstimate = {
  /** The furthest that anybody knows the master to have come; undefined: nobody knows. */
  readonly master: number | undefined;
  /** How far the successor has come. */
  readonly replica: number | undefined;
  /** What is known to be missing, at least; the master may have acknowledged more since it was last heard. */
  readonly bytes: number | undefined;
  /**
   * Nodes that answered before and did not say what they had heard of the master: it may have come further.
   */
  readonly unheard: readonly string[];
};

/** What the nodes say that the cluster bus told them. */
export type Heard = {
  /** By 40-hex node id, one a node that said it. */
  readonly offsets: readonly ReadonlyMap<string, number>[];
  readonly unheard: readonly string[];
};

/**
 * Offsets by 40-hex node id from a CLUSTER SHARDS reply (Redis 7.0, RESP2: lists of name, value, …), which
 * tells what the bus last heard of every node; empty for any other reply.
 */
export function parseShardOffsets(reply: unknown): ReadonlyMap<string, number> {
  const offsets = new Map<string, number>();
  for (const shard of listOf(reply)) {
    for (const node of listOf(fieldOf(shard, 'nodes'))) {
      const id = fieldOf(node, 'id');
      const offset = Number(fieldOf(node, 'replication-offset') ?? Number.NaN);
      if (typeof id === 'string' && Number.isFinite(offset)) offsets.set(id, offset);
    }
  }
  return offsets;
}

/** `heard`: what each node's CLUSTER SHARDS says. */
export function estimateLoss(
  situation: Situation,
  { shard, replica }: Choice,
  { offsets: heard, unheard }: Heard,
): LossEstimate {
  const known = [
    offsetOf(situation, shard.master),
    ...heard.map((offsets) => offsets.get(shard.master.nodeId)),
    ...siblingOffsets(situation, shard),
  ].filter((offset) => offset !== undefined);
  const master = known.length > 0 ? Math.max(...known) : undefined;
  const own = replica && offsetOf(situation, replica);
  const bytes = master === undefined || own === undefined ? undefined : Math.max(0, master - own);
  return { master, replica: own, bytes, unheard };
}

/** One sentence for people. */
export function describeLoss({ master, replica, bytes, unheard }: LossEstimate): string {
  if (bytes === undefined)
    return 'what could be lost is not known: the offsets of master and replica are not available';
  const silent = unheard.length > 0 ? ` (${unheard.join(', ')} did not say what they heard)` : '';
  const seen = `the replica has come to offset ${replica}, the master was last heard at ${master}${silent}`;
  return bytes === 0
    ? `${seen}: nothing is known to be missing, but what the master acknowledged after that is lost`
    : `${seen}: at least ${bytes} bytes of acknowledged writes are lost, and what the master acknowledged after that`;
}

/** What a replica has applied, its master had. */
function siblingOffsets(situation: Situation, { replicas }: Shard): readonly (number | undefined)[] {
  return replicas.map((replica) => offsetOf(situation, replica));
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function fieldOf(pairs: unknown, name: string): unknown {
  const list = listOf(pairs);
  const index = list.findIndex((value, position) => position % 2 === 0 && value === name);
  return index === -1 ? undefined : list[index + 1];
}
