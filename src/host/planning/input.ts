import type { Host, Inventory } from '../../inventory/inventory.ts';
import type { Facts, PackageManager } from '../facts.ts';
import type { PeersWord } from '../start/word.ts';
import type { Layout, LayoutDirectory } from '../../render/layout.ts';
import type { RenderedFile } from '../../render/render.ts';
import type { Service } from '../service.ts';
import type { KernelSetting } from '../step.ts';

/** What a host should be. */
export type DesiredHost = {
  readonly layout: Layout;
  /** undefined: installing is not the tool's job here. */
  readonly packages: { readonly manager: PackageManager; readonly names: readonly string[] } | undefined;
  readonly directories: readonly LayoutDirectory[];
  readonly files: readonly RenderedFile[];
  /** Running, and started at boot. */
  readonly services: readonly Service[];
  /** As the sysctl file sets them at boot; empty for local hosts, whose kernel is not ours to set. */
  readonly kernel: readonly KernelSetting[];
  readonly hugepages: 'madvise' | undefined;
  /** What each node's configuration allows it to hold, bytes; 0: no limit. */
  readonly maxmemory: Readonly<Record<string, number>>;
};

export type PlanInput = {
  readonly inventory: Inventory;
  readonly host: Host;
  readonly facts: Facts;
  readonly desired: DesiredHost;
  /** What the other nodes and hosts say of each node, by inventory id; none: nothing is known. */
  readonly word: Readonly<Record<string, PeersWord>>;
  /** The package lists were refreshed in this run: a package that they do not have is not available. */
  readonly refreshed?: boolean;
};
