import { HostsFailedError } from '../../base/errors.ts';
import { formerPaths, layoutOf } from '../../render/layout.ts';
import { type Configuration, readConfigurations } from '../../session/secrets/configurations.ts';
import type { Session } from '../../session/session.ts';

/** By host name; only hosts that have any. Of local hosts, the first one's entry is that of the machine. */
export type OtherConfigurations = ReadonlyMap<string, readonly Configuration[]>;

/**
 * Configurations of this cluster on the inventory's hosts whose nodes the inventory does not list. Throws
 * HostsFailedError where a host could not be read.
 */
export async function otherConfigurations(session: Session): Promise<OtherConfigurations> {
  const { inventory } = session;
  const { found, unread } = await readConfigurations(session);
  if (unread.size > 0) throw new HostsFailedError('reading the configurations', [...unread.values()]);
  const entries = [...found].map(([name, configurations]) => {
    const listed = new Set(pathsOn(inventory, name));
    return [name, configurations.filter(({ path }) => !listed.has(path))] as const;
  });
  return new Map(entries.filter(([, configurations]) => configurations.length > 0));
}

/** Where the inventory's nodes on a host, or on this machine, have or had their configurations. */
function pathsOn(inventory: Session['inventory'], name: string): readonly string[] {
  const isLocal = inventory.hosts.some((host) => host.name === name && host.connection === 'local');
  return inventory.hosts
    .filter((host) => (isLocal ? host.connection === 'local' : host.name === name))
    .flatMap((host) => layoutOf(inventory, host).nodes)
    .flatMap(({ node, configFile }) => [configFile, formerPaths(inventory.server, node.port).configFile]);
}
