import { formatBytes } from '../../base/bytes.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import type { Check, Finding } from '../check.ts';
import type { CheckInput } from '../input.ts';
import { byHand, ours } from '../remedy.ts';
import { titled } from '../shared.ts';
import { raiseMemory } from '../load/memory.ts';
import { count, numberOf } from '../text.ts';
import type { Shard, Topology } from '../topology.ts';

/** Enough memory on the survivors after a failover. */
export const survivorMemory: Check = {
  name: 'memory after a failover',
  section: 'redundancy',
  run: (input, topology) => [
    ...topology.shards.flatMap((shard) => promotions(input.inventory, shard)),
    ...input.inventory.hosts.flatMap(({ name }) => overcommitted(input, topology, name)),
  ],
};

/**
 * A replica ignores maxmemory until it is a master: then it evicts or refuses writes at once. One that may
 * hold as much as its master is not the reason that the shard is full.
 */
function promotions(inventory: Inventory, { number, master, replicas }: Shard): readonly Finding[] {
  const used = numberOf(master.view?.info ?? {}, 'used_memory') ?? 0;
  const most = Number(master.view?.config['maxmemory'] ?? 0);
  return replicas.flatMap(({ node, view }) => {
    const limit = Number(view?.config['maxmemory'] ?? 0);
    if (limit === 0 || limit >= used || (most > 0 && limit >= most)) return [];
    return [
      {
        id: 'WR-MEMORY-PROMOTION',
        severity: 'warning',
        ...titled(
          node.id,
          '{} {has less memory than its master uses|have less memory than their masters use}',
        ),
        nodes: [node.id, master.node.id],
        hosts: [],
        seen: `maxmemory ${formatBytes(limit)}, and shard ${number} uses ${formatBytes(used)}`,
        expected: "a replica's maxmemory of at least what its master uses",
        why: 'After a failover to it, it evicts keys or refuses writes at once.',
        remedy: [raiseMemory(inventory), ours(inventory, 'provision')],
        // It holds what its master holds.
        explains: [{ ids: ['WR-MEMORY-FULL'], nodes: [node.id] }],
      } satisfies Finding,
    ];
  });
}

/** All nodes of a host at their limits must fit, or the kernel kills one of them. */
function overcommitted(input: CheckInput, { reachable }: Topology, host: string): readonly Finding[] {
  const facts = input.hosts[host];
  if (!facts?.reachable) return [];
  const own = new Set(input.inventory.nodes.filter((node) => node.host === host).map(({ id }) => id));
  const limits = reachable
    .filter(({ node }) => own.has(node))
    .map(({ config }) => Number(config['maxmemory'] ?? 0));
  const sum = limits.reduce((total, limit) => total + limit, 0);
  const { total } = facts.facts.memory;
  if (sum <= total) return [];
  return [
    {
      id: 'WR-MEMORY-OVERCOMMIT',
      severity: 'warning',
      ...titled(host, 'the nodes on {} may use more memory than {it has|they have}'),
      nodes: [...own],
      hosts: [host],
      seen: `maxmemory of ${count(limits.length, 'node')} adds up to ${formatBytes(sum)} of ${formatBytes(total)}`,
      expected: 'limits that fit into the memory of the host, with room to fork',
      why: 'When the nodes fill up the kernel kills one, most likely while it saves.',
      remedy: [
        byHand(`in ${input.inventory.file}, lower config.maxmemory until it fits ${host}, or leave it out`),
        ours(input.inventory, 'provision'),
      ],
    },
  ];
}
