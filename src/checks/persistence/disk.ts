import type { Facts } from '../../host/facts.ts';
import { layoutOf } from '../../render/layout.ts';
import type { Host } from '../../inventory/inventory.ts';
import type { Check, CheckInput, Finding } from '../check.ts';
import { onHost } from '../remedy.ts';
import { formatBytes, numberOf } from '../text.ts';
import type { Topology } from '../topology.ts';

/** Below these a disk counts as full: Redis stops taking writes at the first failed one. */
const full = { share: 0.02, bytes: 16 * 1024 ** 2, inodes: 100 };

/** Room on the disk for a full rewrite of every node that keeps its data there. */
export const disk: Check = {
  name: 'disk space',
  section: 'persistence',
  run: (input, topology) =>
    input.inventory.hosts.flatMap((host) => {
      const facts = input.hosts[host.name];
      return facts?.reachable ? filesystems(input, host, facts.facts).flatMap((system) => judge(input, topology, system)) : [];
    }),
};

type Filesystem = {
  readonly host: Host;
  readonly path: string;
  readonly total: number;
  readonly available: number;
  readonly inodes: number;
  /** Inventory ids of the nodes whose data is there. */
  readonly nodes: readonly string[];
};

/** Paths with the same sizes to the byte lie on the same file system: df read them at one moment. */
function filesystems({ inventory }: CheckInput, host: Host, { disks }: Facts): readonly Filesystem[] {
  const found = new Map<string, Filesystem>();
  for (const { node, dataDirectory } of layoutOf(inventory, host).nodes) {
    const state = disks[dataDirectory];
    if (!state) continue;
    const { total, available, inodesAvailable } = state;
    const key = `${total} ${available}`;
    const nodes = [...(found.get(key)?.nodes ?? []), node.id];
    const path = found.get(key)?.path ?? dataDirectory;
    found.set(key, { host, path, total, available, nodes, inodes: inodesAvailable ?? Number.POSITIVE_INFINITY });
  }
  return [...found.values()];
}

function judge(input: CheckInput, topology: Topology, system: Filesystem): readonly Finding[] {
  const { available, total, inodes, host, nodes, path } = system;
  const needed = neededFor(nodes, topology);
  const isFull = available < Math.min(full.bytes, full.share * total) || inodes < full.inodes;
  if (!isFull && available >= needed) return [];
  const free = `${formatBytes(available)} of ${formatBytes(total)} free below ${path}`;
  const common = { nodes, hosts: [host.name], remedy: [onHost(input.inventory, host.name, `du -xh -d 2 ${path}`)] };
  return isFull
    ? [
        {
          ...common,
          id: 'WR-DISK-FULL',
          severity: 'critical',
          title: `the disk of ${host.name} is full`,
          seen: inodes < full.inodes ? `${inodes} inodes left below ${path}` : free,
          expected: `at least ${formatBytes(Math.max(needed, full.bytes))} free`,
          why: 'Nodes that cannot write to disk refuse writes, and may not start again.',
        },
      ]
    : [
        {
          ...common,
          id: 'WR-DISK-REWRITE',
          severity: 'warning',
          title: `the disk of ${host.name} has no room for a full rewrite`,
          seen: free,
          expected: `${formatBytes(needed)}: the data of ${nodes.join(', ')} once more`,
          why: 'A rewrite writes all data anew beside the old file, and fills the disk half-way through.',
        },
      ];
}

/** A rewrite and a snapshot each write at most what is in memory. */
function neededFor(nodes: readonly string[], { reachable }: Topology): number {
  return reachable
    .filter(({ node }) => nodes.includes(node))
    .reduce((sum, { info }) => sum + (numberOf(info, 'used_memory_dataset') ?? numberOf(info, 'used_memory') ?? 0), 0);
}
