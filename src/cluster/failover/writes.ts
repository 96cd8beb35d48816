import type { Node } from '../../inventory/inventory.ts';
import { heirOf, loseNodes, swapSeats } from './outlook.ts';
import type { Seat, ShardSeats } from './outlook.ts';
import type { Reason } from './reason.ts';

/** A shard that serves, and whose master takes no writes (NOREPLICAS). */
export type WriteRefusal = {
  readonly number: number;
  readonly master: Node;
  /** Its replicas in sync. */
  readonly good: number;
  /** How many it needs; undefined: it did not say. */
  readonly needed: number | undefined;
};

type Layout = {
  readonly seats: readonly ShardSeats[];
  readonly away?: (node: Node) => boolean;
};

const none = (): boolean => false;

/**
 * The shards that refuse writes in the one layout and do not in the other. Where that depends on a node that
 * does not say how many replicas it needs, the shard is among them if the layouts differ in it.
 */
export function newlyRefused(before: Layout, after: Layout): readonly WriteRefusal[] {
  const now = standingsOf(before);
  return standingsOf(after).filter((then) => {
    const past = now.find(({ number }) => number === then.number);
    const isSame = past?.master === then.master && past.good === then.good;
    const refusesNow = past?.needed !== undefined && past.good < past.needed;
    return !isSame && !refusesNow && (then.needed === undefined || then.good < then.needed);
  });
}

/** Reasons against what leads to such a layout. */
export const guardWrites = (before: Layout, after: Layout): readonly Reason[] =>
  newlyRefused(before, after).map((refusal) => ({
    code: 'min-replicas',
    message:
      refusal.needed === undefined
        ? `${refusal.master.id} does not say its min-replicas-to-write`
        : `shard ${refusal.number} would refuse writes: ${describeGood(refusal)}`,
    hints: [
      refusal.needed === undefined
        ? 'Run `weedgo-redis verify`: it names the cause.'
        : 'Lower min-replicas-to-write in the inventory and run `weedgo-redis provision`, or give the shard another replica.',
    ],
  }));

/**
 * What a restart of each of these nodes (inventory ids), one at a time, keeps from being written meanwhile. A
 * master is restarted after `heirOf` has said who takes over. Only the nodes' absence counts: a shard that is
 * not whole now is taken for whole, since nothing else is restarted before it is.
 */
export function refusedByRestarts(
  seats: readonly ShardSeats[],
  nodes: readonly string[],
): readonly (WriteRefusal & { readonly node: Node })[] {
  const whole = seats.map(asWhole);
  return whole.flatMap((shard) =>
    [shard.master, ...shard.replicas]
      .filter(({ node }) => nodes.includes(node.id))
      .flatMap(({ node }) => {
        const heir = shard.master.node === node ? heirOf(shard)?.node.id : undefined;
        const moved = heir === undefined ? whole : swapSeats(whole, shard.number, heir);
        const after = { seats: moved, away: (other: Node) => other === node };
        return newlyRefused({ seats: whole }, after).map((refusal) => ({ ...refusal, node }));
      }),
  );
}

/** `redis1:7000 has 0 of 1 replicas in sync (min-replicas-to-write)`. */
export const describeGood = ({ master, good, needed }: WriteRefusal): string =>
  needed === undefined
    ? `${master.id} does not say how many replicas it needs (min-replicas-to-write)`
    : `${master.id} has ${good} of ${needed} replicas in sync (min-replicas-to-write)`;

/** A node that does not run says nothing; it will have what the others of its shard have. */
function asWhole(shard: ShardSeats): ShardSeats {
  const { number, master, replicas } = shard;
  const usual = [master, ...replicas].find((seat) => seat.neededReplicas !== undefined)?.neededReplicas;
  const whole = (seat: Seat): Seat => ({
    ...seat,
    life: 'alive',
    synced: true,
    neededReplicas: seat.life === 'alive' ? seat.neededReplicas : (seat.neededReplicas ?? usual),
  });
  return { number, master: whole(master), replicas: replicas.map(whole) };
}

/** Every shard that serves: its master, and how many good replicas that has and needs. */
function standingsOf({ seats, away = none }: Layout): readonly WriteRefusal[] {
  const { failovers } = loseNodes(seats, away);
  return seats.flatMap((shard) => {
    const heir = failovers.find(({ number }) => number === shard.number)?.to;
    const master = [shard.master, ...shard.replicas].find(({ node }) => node === heir) ?? shard.master;
    const serves = master.life === 'alive' && !away(master.node);
    if (!serves) return [];
    const isGood = (seat: Seat): boolean =>
      seat !== master && seat.life === 'alive' && seat.synced === true && !away(seat.node);
    const good = [shard.master, ...shard.replicas].filter(isGood).length;
    return [{ number: shard.number, master: master.node, good, needed: master.neededReplicas }];
  });
}
