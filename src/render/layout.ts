import { ownHome } from '../base/me.ts';
import { dirname, join } from 'node:path';
import type { Host, Inventory, Node } from '../inventory/inventory.ts';

/**
 * Where everything of one host's nodes lies. A pure view of the inventory; nothing here looks at the host.
 */
export type Layout = {
  readonly manager: 'systemd' | 'daemon';
  /** The user and group that the server runs as; undefined: those of the user who runs the tool. */
  readonly serviceUser: string | undefined;
  /** In the order in which they are made. */
  readonly directories: readonly LayoutDirectory[];
  /** Files of the host as a whole; undefined for a local host, which has none. */
  readonly shared: SharedFiles | undefined;
  /** In the order of the host's ports. */
  readonly nodes: readonly NodeLayout[];
};

export type LayoutDirectory = {
  readonly path: string;
  /** Octal, as `0750`. */
  readonly mode: string;
  readonly owner: string | undefined;
  readonly group: string | undefined;
};

export type SharedFiles = {
  /** The systemd template unit. */
  readonly unit: string;
  readonly sysctl: string;
  /** tmpfiles.d: sets transparent hugepages at boot. */
  readonly hugepages: string;
  readonly logrotate: string;
  /**
   * needrestart is not to restart nodes after an upgrade of a library: it would stop all nodes of a host at
   * once.
   */
  readonly needrestart: string;
  /** Run by the unit before every start. */
  readonly startGuard: string;
};

export type NodeLayout = {
  readonly node: Node;
  readonly configFile: string;
  readonly dataDirectory: string;
  readonly logFile: string;
  /** The unit's instance under systemd, the pid file of a plain daemon. */
  readonly service:
    | { readonly manager: 'systemd'; readonly unit: string }
    | { readonly manager: 'daemon'; readonly pidFile: string };
};

/** `~/.local/state` or what XDG_STATE_HOME says, with our name: where local hosts keep everything. */
export function defaultStateDirectory(environment: Readonly<Record<string, string | undefined>>): string {
  const state = environment['XDG_STATE_HOME'];
  // The XDG specification has relative paths ignored.
  const base = state?.startsWith('/') ? state : join(ownHome(), '.local', 'state');
  return join(base, 'weedgo-redis');
}

/** The layout of one host; `stateDirectory` matters to local hosts alone. */
export function layoutOf(
  inventory: Pick<Inventory, 'cluster' | 'server'>,
  host: Pick<Host, 'connection' | 'nodes'>,
  stateDirectory: string = defaultStateDirectory(process.env),
): Layout {
  return host.connection === 'local'
    ? localLayout(host.nodes, join(stateDirectory, inventory.cluster))
    : systemdLayout(inventory.server, host.nodes);
}

/** Where the inventory's node has its files; undefined for a name that the inventory does not have. */
export function nodeLayoutOf(
  inventory: Pick<Inventory, 'cluster' | 'server' | 'hosts'>,
  id: string,
): NodeLayout | undefined {
  const host = inventory.hosts.find(({ nodes }) => nodes.some((node) => node.id === id));
  return host && layoutOf(inventory, host).nodes.find(({ node }) => node.id === id);
}

function systemdLayout(server: Inventory['server'], nodes: readonly Node[]): Layout {
  const placed = nodes.map((node): NodeLayout => ({
    node,
    ...systemdPaths(server, String(node.port)),
    service: { manager: 'systemd', unit: `weedgo-redis@${node.port}.service` },
  }));
  const rooted = { mode: '0755', owner: 'root', group: 'root' };
  const owned = { mode: '0750', owner: server, group: server };
  return {
    manager: 'systemd',
    serviceUser: server,
    directories: [
      { path: folders.config, mode: '0750', owner: 'root', group: server },
      { path: folders.data, ...rooted },
      { path: folders.logs, ...rooted },
      ...placed.flatMap(({ dataDirectory, logFile }) => [
        { path: dataDirectory, ...owned },
        { path: dirname(logFile), ...owned },
      ]),
    ],
    shared: {
      unit: '/etc/systemd/system/weedgo-redis@.service',
      sysctl: '/etc/sysctl.d/60-weedgo-redis.conf',
      hugepages: '/etc/tmpfiles.d/weedgo-redis.conf',
      logrotate: '/etc/logrotate.d/weedgo-redis',
      needrestart: '/etc/needrestart/conf.d/weedgo-redis.conf',
      startGuard: '/usr/local/lib/weedgo-redis-start-guard.sh',
    },
    nodes: placed,
  };
}

const folders = {
  config: '/etc/weedgo-redis',
  data: '/var/lib/weedgo-redis',
  logs: '/var/log/weedgo-redis',
} as const;

/**
 * The files and folders of one node of an SSH host; `instance` is its port, or what stands for it in a unit
 * or glob. Every folder above a node's own belongs to root, so that no other user can put something else in
 * the place of what root makes, writes or removes by name. A name with `@` is never a cluster's, which has a
 * folder in `/var/lib/weedgo-redis` as well (`namesOf`).
 */
export const systemdPaths = (
  server: Inventory['server'],
  instance: string,
): Pick<NodeLayout, 'configFile' | 'dataDirectory' | 'logFile'> => ({
  configFile: `${folders.config}/${server}-${instance}.conf`,
  dataDirectory: `${folders.data}/${server}@${instance}`,
  logFile: `${folders.logs}/${server}@${instance}/${server}.log`,
});

/** Where earlier versions of the tool had a node of an SSH host: below folders of the server's user. */
export const formerPaths = (
  server: Inventory['server'],
  port: number,
): Pick<NodeLayout, 'configFile' | 'dataDirectory' | 'logFile'> => ({
  configFile: `/etc/${server}/${server}-${port}.conf`,
  dataDirectory: `/var/lib/${server}/${port}`,
  logFile: `/var/log/${server}/${server}-${port}.log`,
});

function localLayout(nodes: readonly Node[], root: string): Layout {
  const placed = nodes.map((node): NodeLayout => {
    const folder = join(root, String(node.port));
    return {
      node,
      configFile: join(folder, 'redis.conf'),
      dataDirectory: join(folder, 'data'),
      logFile: join(folder, 'redis.log'),
      service: { manager: 'daemon', pidFile: join(folder, 'redis.pid') },
    };
  });
  const made = [root, ...placed.flatMap(({ dataDirectory }) => [dirname(dataDirectory), dataDirectory])];
  const own = { mode: '0700', owner: undefined, group: undefined };
  return {
    manager: 'daemon',
    serviceUser: undefined,
    directories: made.map((path) => ({ path, ...own })),
    shared: undefined,
    nodes: placed,
  };
}

/** The tool's folders above the nodes' own, innermost last. */
export function sharedFolders({ directories, nodes }: Layout): readonly string[] {
  const own = new Set(nodes.flatMap(({ dataDirectory, logFile }) => [dataDirectory, dirname(logFile)]));
  return directories.map(({ path }) => path).filter((path) => !own.has(path));
}

/** Every file that the tool keeps on the host. */
export function layoutFiles({ nodes, shared }: Layout): readonly string[] {
  return [...nodes.map(({ configFile }) => configFile), ...Object.values(shared ?? {})];
}

/** The folder of a node's log. */
export const logFolderOf = ({ logFile }: Pick<NodeLayout, 'logFile'>): string => dirname(logFile);
