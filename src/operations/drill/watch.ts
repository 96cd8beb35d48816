import { setTimeout as sleep } from 'node:timers/promises';
import { isPromoted, lacksOfSwap } from '../../cluster/failover/agreed.ts';
import type { Swap } from '../../cluster/failover/agreed.ts';
import { reachableNodes } from '../../cluster/shape.ts';
import type { Shard } from '../../cluster/shape.ts';
import type { TopologyView } from '../../cluster/view.ts';
import { OperationError } from '../../base/errors.ts';
import { observeTopology } from '../../redis/observe.ts';
import { throwIfInterrupted } from '../../base/wait.ts';
import type { Session } from '../../session/session.ts';

/** What the other nodes went through after a master had gone, in ms since then. */
export type Recovery = {
  /** The node that took over. */
  readonly to: string;
  /** The first node suspects it (fail?). */
  readonly suspectedMs: number | undefined;
  /** A majority has agreed that it has failed (fail). */
  readonly detectedMs: number | undefined;
  /** A replica has been elected. */
  readonly promotedMs: number;
  /** Every node that answers agrees on the new roles, and none calls the cluster down. */
  readonly recoveredMs: number;
};

export type WatchRequest = {
  readonly shard: Shard;
  /** When the master went, by performance.now(). */
  readonly downAt: number;
  readonly deadlineMs: number;
};

/** Throws OperationError when the cluster has not recovered by itself in time. */
export async function watchRecovery(
  session: Session,
  { shard, downAt, deadlineMs }: WatchRequest,
): Promise<Recovery> {
  const witnesses = session.inventory.nodes.filter(({ id }) => id !== shard.master.node.id);
  let [suspectedMs, detectedMs, promotedMs]: (number | undefined)[] = [];
  for (;;) {
    const view = await observeTopology(witnesses, session.redis, { timeoutMs: 1000 });
    const now = Math.round(performance.now() - downAt);
    if (isFlagged(view, shard, 'fail?') || isFlagged(view, shard, 'fail')) suspectedMs ??= now;
    if (isFlagged(view, shard, 'fail')) detectedMs ??= now;
    const swap = electedIn(view, shard);
    if (swap) promotedMs ??= now;
    if (swap && promotedMs !== undefined && hasRecovered(view, swap)) {
      return { to: swap.replica.node.id, suspectedMs, detectedMs, promotedMs, recoveredMs: now };
    }
    throwIfInterrupted(session.signal);
    if (now > deadlineMs) throw notRecovered(shard, deadlineMs);
    await sleep(20);
  }
}

function isFlagged(view: TopologyView, { master }: Shard, flag: 'fail' | 'fail?'): boolean {
  return reachableNodes(view).some(({ nodes }) =>
    nodes.some(({ nodeId, flags }) => nodeId === master.nodeId && flags.includes(flag)),
  );
}

function electedIn(view: TopologyView, shard: Shard): Swap | undefined {
  const replica = shard.replicas.find(({ node, nodeId }) => {
    const own = reachableNodes(view).find((candidate) => candidate.node === node.id);
    return own !== undefined && isPromoted(own, { shard, replica: { ...shard.master, node, nodeId } });
  });
  return replica && { shard, replica, masterGone: true };
}

function hasRecovered(view: TopologyView, swap: Swap): boolean {
  const isUp = reachableNodes(view).every(({ clusterInfo }) => clusterInfo['cluster_state'] === 'ok');
  return isUp && lacksOfSwap(view, swap).length === 0;
}

function notRecovered({ master }: Shard, deadlineMs: number): OperationError {
  return new OperationError(
    `no replica of ${master.node.id} was elected within ${Math.round(deadlineMs / 1000)} s`,
    {
      node: master.node.id,
      hints: ["The ends of the replicas' logs say why.", 'The drill starts the node again in any case.'],
    },
  );
}
