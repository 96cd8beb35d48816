import { formatBytes } from '../../base/bytes.ts';
import { shQuote } from '../../base/sh.ts';
import type { Check, Finding } from '../check.ts';
import type { CheckInput } from '../input.ts';
import { byHand, onHost } from '../remedy.ts';
import { titled } from '../shared.ts';
import { joinNames, numberOf } from '../text.ts';
import type { Topology } from '../topology.ts';
import { aftermathOf } from './aftermath.ts';
import { type Filesystem, filesystems, full, isFull } from './filesystems.ts';

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

function judge(input: CheckInput, topology: Topology, system: Filesystem): readonly Finding[] {
  const needed = neededFor(system.nodes, topology);
  if (isFull(system)) return [crammed(input, topology, { ...system, needed })];
  return system.available >= needed ? [] : [cramped(input, { ...system, needed })];
}

type Subject = Filesystem & { readonly needed: number };

function crammed(input: CheckInput, topology: Topology, system: Subject): Finding {
  const { inodes, needed, host, nodes, path } = system;
  const aftermath = aftermathOf(input, topology, nodes);
  const left = inodes < full.inodes ? `${inodes} inodes left below ${path}` : freeOf(system);
  return {
    id: 'WR-DISK-FULL',
    severity: 'critical',
    title: `the disk of ${host.name} is full`,
    nodes,
    hosts: [host.name],
    seen: [left, ...aftermath.seen].join('; '),
    expected:
      inodes < full.inodes
        ? `at least ${full.inodes} free inodes`
        : `at least ${formatBytes(Math.max(needed, full.bytes))} free`,
    why: 'Nodes that cannot write to disk refuse writes, and may not start again.',
    remedy: [...aftermath.before, ...makeRoom(input, system), ...aftermath.after],
  };
}

function cramped(input: CheckInput, system: Subject): Finding {
  const { needed, host, nodes } = system;
  return {
    id: 'WR-DISK-REWRITE',
    severity: 'warning',
    ...titled(host.name, 'the disk{|s} of {} {has|have} no room for a full rewrite'),
    nodes,
    hosts: [host.name],
    seen: freeOf(system),
    expected: `${formatBytes(needed)}: the data of ${joinNames(nodes)} once more`,
    why: 'A rewrite writes all data again next to the old file, and would fill the disk half-way through.',
    remedy: makeRoom(input, system),
  };
}

function freeOf({ available, total, path }: Filesystem): string {
  return `${formatBytes(available)} of ${formatBytes(total)} free below ${path}`;
}

/** What may go is for the operator to say. */
function makeRoom({ inventory }: CheckInput, { host, path }: Filesystem): readonly string[] {
  return [
    onHost(inventory, host.name, `du -xh -d 2 ${shQuote(path)}`),
    byHand(`make room on ${host.name}, on the file system of ${path}, or enlarge it`),
  ];
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
