import { formatBytes } from '../../base/bytes.ts';
import type { DiskState } from '../facts.ts';
import type { HostProblem } from './problem.ts';
import type { Requirement } from './requirement.ts';

const mebibyte = 1024 * 1024;
/** Below this a node can neither write its log nor rewrite even a small append-only file. */
const leastBytes = 100 * mebibyte;
const leastInodes = 1000;

/** Room on every file system that a node writes to; a warning where its data could outgrow it. */
export const requireDisk: Requirement = ({ host, facts, desired }) => {
  const full = Object.entries(facts.disks)
    .filter(([, disk]) => isFull(disk))
    .map(([path, disk]): HostProblem => ({
      id: 'disk-full',
      kind: 'failed',
      host: host.name,
      message: `${host.name}: the disk of ${path} is nearly full: ${describeRoom(disk)}`,
      hints: [`Make room: at least ${formatBytes(leastBytes)} and ${leastInodes} inodes have to be free.`],
    }));
  if (full.length > 0) return full;
  // Data that is there already takes no further room.
  const fresh = desired.layout.nodes.filter(({ dataDirectory }) => !facts.directories[dataDirectory]);
  const wanted = fresh.reduce((sum, { node }) => sum + (desired.maxmemory[node.id] ?? 0), 0);
  const available = Math.min(
    ...fresh.map(({ dataDirectory }) => facts.disks[dataDirectory]?.available ?? Number.POSITIVE_INFINITY),
  );
  if (wanted <= available) return [];
  return [
    {
      id: 'disk-small',
      kind: 'warning',
      host: host.name,
      message:
        `${host.name}: its nodes may hold ${formatBytes(wanted)} in memory, ` +
        `and ${formatBytes(available)} are free on disk to keep that`,
      hints: ['Set a smaller `maxmemory` in the inventory, or enlarge the disk.'],
    },
  ];
};

/** Memory for what the nodes' configuration lets them hold. */
export const requireMemory: Requirement = ({ host, facts, desired }) => {
  const { total } = facts.memory;
  const limits = Object.values(desired.maxmemory);
  const sum = limits.reduce((all, bytes) => all + bytes, 0);
  const problem = {
    host: host.name,
    hints: ['Set a smaller `maxmemory` in the inventory, or leave it out.'],
  };
  const nodes = limits.length === 1 ? 'its node' : `its ${limits.length} nodes together`;
  if (limits.includes(0)) {
    const message = `${host.name}: a node without a limit (maxmemory 0) can take all of its memory`;
    return [{ ...problem, id: 'memory-unlimited', kind: 'warning', message }];
  }
  const message = `${host.name} has ${formatBytes(total)} of memory, and ${nodes} may hold ${formatBytes(sum)}`;
  if (sum > total) return [{ ...problem, id: 'memory', kind: 'failed', message }];
  if (sum <= total * 0.8) return [];
  return [
    {
      ...problem,
      id: 'memory-tight',
      kind: 'warning',
      message: `${message}: forks for saving and replicas' buffers need room besides`,
    },
  ];
};

const isFull = ({ available, inodesAvailable }: DiskState): boolean =>
  available < leastBytes || (inodesAvailable !== undefined && inodesAvailable < leastInodes);

const describeRoom = ({ available, inodesAvailable }: DiskState): string =>
  `${formatBytes(available)}${inodesAvailable === undefined ? '' : ` and ${inodesAvailable} inodes`} free`;
