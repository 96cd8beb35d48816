import type { Inventory } from '../inventory/inventory.ts';
import type { Refusal } from './refusal.ts';
import { reachableNodes } from './shape.ts';
import { describePartition, partitionOf, sidesOf } from './sides.ts';
import type { ClusterView } from './view.ts';

/** Each side may have elected masters of its own, so what the nodes say together is of no one cluster. */
export function guardPartition(inventory: Inventory, view: ClusterView): readonly Refusal[] {
  const sides = sidesOf(reachableNodes(view));
  const hosts = partitionOf(inventory, sides);
  return hosts.length === 0
    ? []
    : [
        {
          node: sides[1]?.[0] ?? '',
          reason: `${describePartition(hosts)}: their nodes answer, but do not reach each other over the cluster bus`,
          hints: ['Run weedgo-redis check: it names the ports that do not get through, and from where.'],
        },
      ];
}
