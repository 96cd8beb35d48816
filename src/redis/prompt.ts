import { agreementOf } from '../cluster/agreement.ts';
import type { Missing } from '../cluster/missing.ts';
import type { TopologyView } from '../cluster/view.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { RedisConnection } from './connection.ts';

type Pair = readonly [from: string, to: string];

/** Called after each look at a cluster that forms; does something only when that is due. */
export type Prompt = (view: TopologyView, missing: readonly Missing[]) => Promise<void>;

/**
 * Helps a forming along where it would wait long. Pairs that do not know each other are introduced again when
 * their handshake has expired and they do not become fewer. When all know each other, nodes that others have
 * wrong meet those: a MEET carries its sender's role and slots, which would else come with one of its next
 * pings, up to half of cluster-node-timeout later.
 */
export function prompter(inventory: Inventory, connections: ReadonlyMap<string, RedisConnection>): Prompt {
  const nodes = new Map(inventory.nodes.map((node) => [node.id, node]));
  const limit = inventory.nodes.length * promptsPerNode;
  let unmetBefore = Infinity;
  let unmetDue = performance.now() + handshakeMs;
  let misinformedDue = 0;
  let misinformedPauseMs = handshakeMs;

  const introduce = async (pairs: readonly Pair[]): Promise<void> => {
    await Promise.all(
      pairs.slice(0, limit).map(async ([from, to]) => {
        const peer = nodes.get(to);
        const meet = peer && ['CLUSTER', 'MEET', peer.address, peer.port, peer.busPort];
        // A node that does not take it is found by the next look.
        if (meet)
          await connections
            .get(from)
            ?.call(meet)
            .catch(() => undefined);
      }),
    );
  };

  return async (view, missing) => {
    const now = performance.now();
    const unmet = unmetPairs(missing);
    if (unmet.length > 0) {
      if (now < unmetDue) return;
      if (unmet.length >= unmetBefore) await introduce(unmet);
      unmetBefore = unmet.length;
      unmetDue = now + handshakeMs;
    } else if (now >= misinformedDue) {
      misinformedDue = now + misinformedPauseMs;
      misinformedPauseMs *= 2;
      await introduce(misinformedPairs(view));
    }
  };
}

/**
 * A handshake that is not finished after cluster-node-timeout, or a second when that is less, is given up.
 */
const handshakeMs = 1000;

/** So that a machine that is merely slow is not made slower. */
const promptsPerNode = 16;

const unmetPairs = (missing: readonly Missing[]): readonly Pair[] =>
  missing.flatMap(({ kind, node, peer }) => (kind === 'peer' && peer !== undefined ? [[node, peer]] : []));

function misinformedPairs(view: TopologyView): readonly Pair[] {
  const pairs = new Map<string, Pair>();
  for (const { node, aspect, own, claims } of agreementOf(view).disagreements) {
    if (node === undefined || aspect === 'membership') continue;
    for (const { value, by } of claims) {
      if (value !== own) for (const to of by) pairs.set(`${node} ${to}`, [node, to]);
    }
  }
  return [...pairs.values()];
}
