import type { Facts } from '../../host/facts.ts';
import type { Host } from '../../inventory/inventory.ts';
import { layoutOf } from '../../render/layout.ts';
import type { CheckInput } from '../input.ts';

/** Below these a disk counts as full: Redis stops taking writes at the first failed one. */
export const full = { share: 0.02, bytes: 16 * 1024 ** 2, inodes: 100 };

export type Filesystem = {
  readonly host: Host;
  readonly path: string;
  readonly total: number;
  readonly available: number;
  readonly inodes: number;
  /** Inventory ids of the nodes whose data is there. */
  readonly nodes: readonly string[];
};

/** Paths with the same sizes to the byte lie on the same file system: df read them at one moment. */
export function filesystems({ inventory }: CheckInput, host: Host, { disks }: Facts): readonly Filesystem[] {
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

export function isFull({ available, total, inodes }: Filesystem): boolean {
  return available < Math.min(full.bytes, full.share * total) || inodes < full.inodes;
}
