import { shQuote } from '../../host/sh.ts';
import type { Facts } from '../../host/facts.ts';
import { layoutOf } from '../../render/layout.ts';
import type { Host, Inventory } from '../../inventory/inventory.ts';
import type { Check, CheckInput, Finding } from '../check.ts';
import { call, onHost } from '../remedy.ts';
import { titled } from '../shared.ts';
import { formatBytes, joinNames, numberOf } from '../text.ts';
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
      return facts?.reachable
        ? filesystems(input, host, facts.facts).flatMap((system) => judge(input, topology, system))
        : [];
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
    const inodes = Math.min(
      found.get(key)?.inodes ?? Number.POSITIVE_INFINITY,
      inodesAvailable ?? Number.POSITIVE_INFINITY,
    );
    found.set(key, { host, path, total, available, nodes, inodes });
  }
  return [...found.values()];
}

function judge(input: CheckInput, topology: Topology, system: Filesystem): readonly Finding[] {
  const { available, total, inodes, host, nodes, path } = system;
  const needed = neededFor(nodes, topology);
  if (!isFull(system) && available >= needed) return [];
  const free = `${formatBytes(available)} of ${formatBytes(total)} free below ${path}`;
  const common = {
    nodes,
    hosts: [host.name],
    remedy: [
      onHost(input.inventory, host.name, `du -xh -d 2 ${shQuote(path)}`),
      ...failedSnapshots(input.inventory, topology, nodes),
    ],
  };
  return isFull(system)
    ? [
        {
          ...common,
          id: 'WR-DISK-FULL',
          severity: 'critical',
          title: `the disk of ${host.name} is full`,
          seen: [
            inodes < full.inodes ? `${inodes} inodes left below ${path}` : free,
            ...refusing(nodes, topology),
          ].join('; '),
          expected: `at least ${formatBytes(Math.max(needed, full.bytes))} free`,
          why: 'Nodes that cannot write to disk refuse writes, and may not start again.',
        },
      ]
    : [
        {
          ...common,
          id: 'WR-DISK-REWRITE',
          severity: 'warning',
          ...titled(host.name, 'the disk{|s} of {} {has|have} no room for a full rewrite'),
          seen: free,
          expected: `${formatBytes(needed)}: the data of ${nodes.join(', ')} once more`,
          why: 'A rewrite writes all data anew beside the old file, and fills the disk half-way through.',
        },
      ];
}

/** What a disk without room, or one that cannot be written to, explains of what its nodes report. */
export function nodesWithoutDisk(input: CheckInput): ReadonlySet<string> {
  const unwritable = Object.values(input.hostProbes).flatMap(({ dataFolders }) =>
    Object.entries(dataFolders).flatMap(([node, state]) => (state === 'writable' ? [] : [node])),
  );
  const crammed = input.inventory.hosts.flatMap((host) => {
    const facts = input.hosts[host.name];
    return facts?.reachable
      ? filesystems(input, host, facts.facts)
          .filter(isFull)
          .flatMap(({ nodes }) => nodes)
      : [];
  });
  return new Set([...unwritable, ...crammed]);
}

/** With room again, a failed snapshot has to be repeated: the server remembers the failure until then. */
export function failedSnapshots(
  inventory: Inventory,
  { reachable }: Topology,
  nodes: readonly string[],
): readonly string[] {
  return reachable
    .filter(({ node, info }) => nodes.includes(node) && info['rdb_last_bgsave_status'] === 'err')
    .map(({ node }) => call(inventory, node, 'BGSAVE'));
}

function isFull({ available, total, inodes }: Filesystem): boolean {
  return available < Math.min(full.bytes, full.share * total) || inodes < full.inodes;
}

function refusing(nodes: readonly string[], { reachable }: Topology): readonly string[] {
  const failed = reachable.filter(
    ({ node, info }) =>
      nodes.includes(node) &&
      (info['aof_last_write_status'] === 'err' || info['rdb_last_bgsave_status'] === 'err'),
  );
  return failed.length === 0
    ? []
    : [`${joinNames(failed.map(({ node }) => node))} could not write and refuses writes`];
}

/** A rewrite and a snapshot each write at most what is in memory. */
function neededFor(nodes: readonly string[], { reachable }: Topology): number {
  return reachable
    .filter(({ node }) => nodes.includes(node))
    .reduce(
      (sum, { info }) => sum + (numberOf(info, 'used_memory_dataset') ?? numberOf(info, 'used_memory') ?? 0),
      0,
    );
}
