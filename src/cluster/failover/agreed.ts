import type { Member, Shard } from '../shape.ts';
import { formatRanges } from '../slots.ts';
import type { NodeTopology, TopologyView } from '../view.ts';

/** A failover that was done: `replica` is to own what `shard.master` owned. */
export type Swap = {
  readonly shard: Shard;
  readonly replica: Member;
  /** The old master does not answer: nothing is demanded of it but that it owns no slots. */
  readonly masterGone: boolean;
};

/**
 * What still keeps the nodes in this view from agreeing on a swap, each a sentence: every one of them must
 * see the new master with the shard's slots, and the old master and the other replicas as its replicas.
 */
export function lacksOfSwap(view: TopologyView, swap: Swap): readonly string[] {
  return view.nodes.flatMap((node) =>
    node.reachable ? lacksOf(node, swap) : [`${node.node} does not respond: ${node.reason}`],
  );
}

/** True once the new master itself says that it is master and owns the shard's slots. */
export function isPromoted(view: NodeTopology, { shard, replica }: Pick<Swap, 'shard' | 'replica'>): boolean {
  const own = view.nodes.find(({ nodeId }) => nodeId === replica.nodeId);
  return own?.role === 'master' && formatRanges(own.slots) === formatRanges(shard.master.slots);
}

/** Who replicates the new master when all is done. */
export function replicasOf({ shard, replica, masterGone }: Swap): readonly Member[] {
  const others = shard.replicas.filter((other) => other.nodeId !== replica.nodeId);
  return masterGone ? others : [shard.master, ...others];
}

function lacksOf(view: NodeTopology, swap: Swap): readonly string[] {
  const { shard, replica, masterGone } = swap;
  const lines = new Map(view.nodes.map((line) => [line.nodeId, line]));
  const lacks: string[] = [];
  if (!isPromoted(view, swap))
    lacks.push(`${view.node} does not see ${replica.node.id} as the owner of the slots`);
  const old = lines.get(shard.master.nodeId);
  if (old && masterGone && old.slots.length > 0)
    lacks.push(`${view.node} sees slots on ${shard.master.node.id}`);
  for (const { nodeId, node } of replicasOf(swap)) {
    const line = lines.get(nodeId);
    if (line?.masterId !== replica.nodeId) lacks.push(`${view.node} does not see ${node.id} as its replica`);
  }
  return lacks;
}
