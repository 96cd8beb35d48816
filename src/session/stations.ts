import { join } from 'node:path';
import type { Host, Inventory } from '../inventory/inventory.ts';
import { defaultStateDirectory } from '../render/layout.ts';
import type { Session } from './session.ts';
import type { Shell } from '../ssh/shell.ts';

/**
 * Where the tool keeps its own few files on a host; all of them readable by root (or the local user) alone.
 */
export type Locations = {
  /** Gone after a reboot. */
  readonly lock: string;
  /** How often the lock was acquired, and the token of the last holder; on disk. */
  readonly counter: string;
  /** JSON lines, one a changing command. */
  readonly audit: string;
  /** What the cluster itself cannot remember: drained hosts, a rolling restart under way. */
  readonly journal: string;
};

export function locationsOf(inventory: Inventory, host: Host): Locations {
  if (host.connection === 'local') {
    // Next to the cluster's own folder, which `destroy` removes; no cluster's name begins with a dot.
    const folder = join(defaultStateDirectory(process.env), '.operations');
    return {
      lock: join(folder, `${inventory.cluster}.lock`),
      counter: join(folder, `${inventory.cluster}.lock-count`),
      audit: join(folder, `${inventory.cluster}.audit.jsonl`),
      journal: join(folder, `${inventory.cluster}.memory.json`),
    };
  }
  return {
    lock: `/run/weedgo-redis/${inventory.cluster}.lock`,
    counter: `/var/lib/weedgo-redis/${inventory.cluster}/lock-count`,
    audit: '/var/log/weedgo-redis/audit.jsonl',
    journal: `/var/lib/weedgo-redis/${inventory.cluster}/memory.json`,
  };
}

/** A connected host with its locations. */
export type Station = { readonly host: string; readonly shell: Shell; readonly locations: Locations };

/**
 * The connected hosts, by name: every operator meets them in the same order. Local hosts share one machine
 * and one state folder, so only the first of them counts.
 */
export function stationsOf(session: Session): readonly Station[] {
  const { inventory, shells } = session;
  const local = inventory.hosts.find(({ connection }) => connection === 'local');
  return inventory.hosts
    .filter((host) => host.connection === 'ssh' || host === local)
    .flatMap((host) => {
      const shell = shells.get(host.name);
      return shell ? [{ host: host.name, shell, locations: locationsOf(inventory, host) }] : [];
    })
    .toSorted((one, other) => (one.host < other.host ? -1 : 1));
}

/** The station whose lock protects a host: of local hosts, the first one's. */
export function stationFor(session: Session, name: string): Station | undefined {
  const { hosts } = session.inventory;
  const isLocal = hosts.find((host) => host.name === name)?.connection === 'local';
  const local = hosts.find(({ connection }) => connection === 'local')?.name;
  return stationsOf(session).find(({ host }) => host === (isLocal ? local : name));
}

/** How many stations there would be with every host connected. */
export function stationCount(inventory: Inventory): number {
  const local = inventory.hosts.filter(({ connection }) => connection === 'local').length;
  return inventory.hosts.length - local + Math.min(local, 1);
}
