import type { Inventory, Node } from '../../inventory/inventory.ts';
import { heirOf, loseNodes } from './outlook.ts';
import type { ShardSeats } from './outlook.ts';

/** What the loss of one host would break. */
export type HostLoss = { readonly host: string; readonly why: string };

/**
 * The hosts whose loss the cluster is known not to survive as it is now (`loseNodes`). None for an inventory
 * of one host: no order of its nodes survives that.
 */
export function fatalHosts({ hosts }: Inventory, seats: readonly ShardSeats[]): readonly HostLoss[] {
  if (hosts.length < 2) return [];
  return hosts.flatMap(({ name }) => {
    const why = seats.length === 0 ? [] : whyFatal(seats, ({ host }) => host === name);
    return why.length === 0 ? [] : [{ host: name, why: why.join('; ') }];
  });
}

function whyFatal(seats: readonly ShardSeats[], dies: (node: Node) => boolean): readonly string[] {
  const { lost, voters, quorum, staysUp } = loseNodes(seats, dies);
  if (staysUp !== false) return [];
  const bare = seats.filter((shard) => lost.includes(shard.number) && heirOf(shard, dies) === undefined);
  return [
    ...bare.map(({ number }) => `shard ${number} has no copy in sync elsewhere that may take over`),
    ...(voters < quorum
      ? [`${voters} of ${seats.length} masters would be left, and ${quorum} are needed to elect a replica`]
      : []),
  ];
}
