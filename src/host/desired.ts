import type { Host, Inventory, Secrets } from '../inventory/inventory.ts';
import { desiredDirectives } from '../render/directives.ts';
import { type Layout, layoutOf } from '../render/layout.ts';
import { defaultMaxmemory, parseMemory } from '../render/memory.ts';
import { renderHostFiles } from '../render/render.ts';
import type { Facts } from './facts.ts';
import type { DesiredHost } from './planning/input.ts';
import { firewallFiles } from './planning/firewall.ts';
import { packageNames, serverPath } from './packages.ts';
import { servicesOf } from './services.ts';
import type { KernelSetting } from './step.ts';

export type DesiredInput = {
  readonly inventory: Inventory;
  readonly host: Host;
  readonly facts: Facts;
  readonly secrets: Secrets;
  /** Of a node that runs there: what counts where no server is installed any more. */
  readonly runningVersion?: string | undefined;
};

/** What the inventory makes of a host, given how much memory it has and where its server is. Pure. */
export function desiredHost(input: DesiredInput): DesiredHost {
  const { inventory, host, facts, secrets, runningVersion } = input;
  const layout = layoutOf(inventory, host);
  const manager = layout.manager === 'systemd' ? facts.os.packageManager : undefined;
  const files = [
    ...renderHostFiles({
      inventory,
      host,
      layout,
      secrets,
      maxmemory: chooseMaxmemory(layout, facts),
      serverPath: serverPath(facts, inventory.server),
      serverVersion: facts.server.installed?.version ?? facts.server.available ?? runningVersion,
    }),
    ...firewallFiles(inventory, host, facts),
  ];
  return {
    layout,
    packages:
      inventory.install === 'package' && manager
        ? { manager, names: packageNames(manager, inventory.server) }
        : undefined,
    directories: layout.directories,
    files,
    services: servicesOf(inventory, layout, facts),
    kernel: kernelSettings(files.find(({ path }) => path === layout.shared?.sysctl)?.content ?? ''),
    hugepages: layout.shared === undefined ? undefined : 'madvise',
    maxmemory: Object.fromEntries(
      layout.nodes.map(({ node, configFile }) => [
        node.id,
        maxmemoryOf(files.find(({ path }) => path === configFile)?.content) ?? 0,
      ]),
    ),
  };
}

/** The tool's default for this host's memory, near to what its first node has now. */
function chooseMaxmemory(layout: Layout, facts: Facts): number {
  const [first] = layout.nodes;
  return defaultMaxmemory({
    totalBytes: facts.memory.total,
    nodesOnHost: layout.nodes.length,
    currentBytes: maxmemoryOf(first && facts.files[first.configFile]?.content),
  }).bytes;
}

function maxmemoryOf(conf: string | undefined): number | undefined {
  try {
    const value = desiredDirectives(conf ?? '').maxmemory?.at(-1)?.[0];
    return value === undefined ? undefined : parseMemory(value);
  } catch {
    // What somebody made of the file on the host is for requireHost and the plan's diff to show.
    return undefined;
  }
}

/** `key = value` lines of a sysctl.conf. */
export function kernelSettings(sysctlConf: string): readonly KernelSetting[] {
  return [...sysctlConf.matchAll(/^\s*([a-z][\w.]*)\s*=\s*(\d+)\s*$/gm)].map(([, key = '', value]) => ({
    key,
    value: Number(value),
  }));
}
