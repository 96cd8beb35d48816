import type { Shard } from '../shape.ts';
import type { Reason } from './reason.ts';

/** min-replicas-to-write of each master, by 40-hex node id; undefined: it did not say. */
export type NeededReplicas = ReadonlyMap<string, number | undefined>;

/**
 * The shards that would refuse every write (NOREPLICAS) while the named nodes (inventory ids) are away: fewer copies in
 * sync would be left beside the master than the master asks for.
 */
export function guardWrites(
  shards: readonly Shard[],
  needed: NeededReplicas,
  away: readonly string[],
): readonly Reason[] {
  return shards.flatMap(({ number, master, replicas }): readonly Reason[] => {
    const copies = [master, ...replicas.filter(({ linked }) => linked === true)];
    const isHit = [master, ...replicas].some(({ node }) => away.includes(node.id));
    const left = copies.filter(({ node }) => !away.includes(node.id)).length - 1;
    const wanted = needed.get(master.nodeId);
    if (!isHit) return [];
    if (wanted === undefined) {
      const message = `${master.node.id} does not say its min-replicas-to-write`;
      return [{ code: 'min-replicas', message, hints: ['Run weedgo-redis verify: it names the cause.'] }];
    }
    if (left >= wanted) return [];
    const message = `shard ${number} would refuse writes: ${Math.max(0, left)} of ${wanted} replicas that min-replicas-to-write asks for would be left`;
    const hints = [
      'Lower min-replicas-to-write in the inventory and run weedgo-redis provision, or give the shard another replica.',
    ];
    return [{ code: 'min-replicas', message, hints }];
  });
}
