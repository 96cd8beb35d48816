import type { Judgement } from '../../cluster/copies.ts';
import { guardMeeting } from '../../cluster/guard-meeting.ts';
import { RefusedError } from '../../base/errors.ts';
import type { Inventory, Node } from '../../inventory/inventory.ts';
import { observeCluster } from '../../redis/observe.ts';
import type { Session } from '../../session/session.ts';

/**
 * The node of the inventory that a CLUSTER MEET names. The node that is met is the one whose bus answers: the
 * client port is only its name. Without a bus port Redis takes the client port + 10000 (CLUSTER MEET in
 * cluster.c), where another cluster's node may listen. Throws RefusedError for any other node or bus port.
 */
export function demandPeer({ nodes }: Inventory, words: readonly string[]): Node {
  const [, , address = '', port = '', bus = String(Number(port) + 10_000), ...rest] = words;
  const peer = nodes.find((node) => node.address === address && String(node.port) === port);
  if (!peer) {
    throw new RefusedError(
      `${address} ${port} is not a node of the inventory: meeting it could join two clusters`,
      { hints: ['Add it to the inventory, then: weedgo-redis provision'] },
    );
  }
  if (bus === String(peer.busPort) && rest.length === 0) return peer;
  throw new RefusedError(
    `${peer.id} has its cluster bus on port ${peer.busPort}, not ${bus}: meeting another port could join two clusters`,
    { hints: [`Name its bus port: CLUSTER MEET ${address} ${port} ${peer.busPort}`] },
  );
}

/** One MEET joins two clusters for good: both sides are asked who they know and what they hold. */
export async function judgeMeet(
  { inventory, redis }: Session,
  { nodes, words }: { readonly nodes: readonly Node[]; readonly words: readonly string[] },
): Promise<Judgement> {
  const met = demandPeer(inventory, words);
  const [{ nodes: views }, peers] = await Promise.all([
    observeCluster(nodes, redis),
    observeCluster([met], redis),
  ]);
  const refusals = peers.nodes.flatMap((peer) => guardMeeting(inventory, { nodes: views, peer }));
  return {
    refusals: refusals.map(({ reason: message, hints }) => ({ code: 'in-use', message, hints })),
    risks: [],
  };
}
