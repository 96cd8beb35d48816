import { formatBytes } from '../../base/bytes.ts';
import type { ReachableView } from '../../cluster/view.ts';
import type { Check, Finding } from '../check.ts';
import type { CheckInput } from '../input.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import { counterOf } from '../counters.ts';
import { byHand, call, ours } from '../remedy.ts';
import { titled } from '../shared.ts';
import { numberOf } from '../text.ts';
import type { Topology } from '../topology.ts';

/** Share of maxmemory from which there is something to say. */
const share = { warning: 0.9, critical: 0.98 };
/** jemalloc's overhead is high on little data: only waste of some size counts. */
const waste = { ratio: 1.5, bytes: 256 * 1024 ** 2 };

/** Memory in use against maxmemory, what was evicted for it, and what is lost to fragmentation. */
export const memory: Check = {
  name: 'memory',
  section: 'load',
  run: (input, topology) =>
    topology.reachable.flatMap((view) => [
      ...filling(input, topology, view),
      ...evictions(input, view),
      ...fragmented(input, view),
    ]),
};

function filling(
  { inventory }: CheckInput,
  topology: Topology,
  { node, info, config }: ReachableView,
): readonly Finding[] {
  const limit = numberOf(info, 'maxmemory') ?? 0;
  const used = numberOf(info, 'used_memory') ?? 0;
  const policy = config['maxmemory-policy'] ?? 'noeviction';
  // A cache is meant to be full.
  if (limit === 0 || used < share.warning * limit || policy.startsWith('allkeys')) return [];
  const masterId = topology.byNode.get(node)?.masterId;
  const master = masterId === undefined ? undefined : topology.byId.get(masterId);
  // A replica refuses nothing, and keeps whatever its master has.
  const refuses = used >= share.critical * limit && policy === 'noeviction' && !master;
  return [
    {
      id: 'WR-MEMORY-FULL',
      severity: refuses ? 'critical' : 'warning',
      title: `${node} uses ${Math.round((100 * used) / limit)} % of its memory`,
      shared: { by: node, title: `{} use more than ${100 * share.warning} % of their memory` },
      nodes: [node],
      hosts: [],
      seen: `${formatBytes(used)} of ${formatBytes(limit)}, maxmemory-policy ${policy}`,
      expected: `less than ${100 * share.warning} % of maxmemory`,
      why:
        policy === 'noeviction'
          ? 'At 100 % every write is refused (OOM).'
          : 'At 100 % keys with a time to live are evicted before their time.',
      remedy: [raiseMemory(inventory), ours(inventory, 'provision')],
      ...(master && { dueTo: [{ ids: ['WR-MEMORY-FULL'], nodes: [master.node.id] }] }),
    },
  ];
}

/** maxmemory is the inventory's: it is raised there, where the hosts have room. */
export const raiseMemory = ({ file }: Inventory): string =>
  byHand(`in ${file}, raise config.maxmemory, or have the applications keep less`);

function evictions(input: CheckInput, view: ReachableView): readonly Finding[] {
  const counted = counterOf(input, view, 'evicted_keys');
  const { inventory } = input;
  const { node, config } = view;
  const policy = config['maxmemory-policy'] ?? 'noeviction';
  if (!counted || policy.startsWith('allkeys')) return [];
  return [
    {
      id: 'WR-EVICTIONS',
      severity: counted.severity,
      passing: counted.passing,
      ...titled(node, '{} {has|have} evicted keys'),
      nodes: [node],
      hosts: [],
      seen: counted.told,
      expected: `no evictions under maxmemory-policy ${policy}`,
      why: 'Keys were dropped before their time, without an error to any client.',
      remedy: [
        raiseMemory(inventory),
        ours(inventory, 'provision'),
        call(inventory, node, 'CONFIG', 'RESETSTAT'),
      ],
    },
  ];
}

function fragmented({ inventory }: CheckInput, { node, info }: ReachableView): readonly Finding[] {
  const ratio = numberOf(info, 'allocator_frag_ratio') ?? 1;
  const bytes = numberOf(info, 'allocator_frag_bytes') ?? 0;
  if (ratio < waste.ratio || bytes < waste.bytes) return [];
  return [
    {
      id: 'WR-MEMORY-FRAGMENTED',
      severity: 'warning',
      title: `${formatBytes(bytes)} of ${node}'s memory are lost to fragmentation`,
      shared: { by: node, title: 'memory of {} is lost to fragmentation' },
      nodes: [node],
      hosts: [],
      seen: `allocator_frag_ratio:${ratio}`,
      expected: `a ratio below ${waste.ratio}, or less than ${formatBytes(waste.bytes)} lost`,
      why: 'The host runs out of memory before maxmemory is reached.',
      remedy: [call(inventory, node, 'MEMORY', 'PURGE'), ours(inventory, 'restart', node)],
    },
  ];
}
