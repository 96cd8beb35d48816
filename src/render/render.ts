import { dirname, relative } from 'node:path';
import { isLoopback } from '../inventory/address.ts';
import type { Host, Inventory, Node, Secrets } from '../inventory/inventory.ts';
import { applicationUser } from './acl.ts';
import { renderHeader } from './header.ts';
import { type Layout, type NodeLayout, systemdPaths } from './layout.ts';
import { formatMemory, parseMemory, powerOfTwoWithin } from './memory.ts';
import { collectSettings } from './settings.ts';
import { fillTemplate } from './template.ts';

export type HostFilesInput = {
  readonly inventory: Inventory;
  readonly host: Host;
  readonly layout: Layout;
  readonly secrets: Secrets;
  /** Bytes for a node whose inventory does not say; undefined: not known, and left out. */
  readonly maxmemory?: number | undefined;
  /** The server's executable; default: /usr/bin. */
  readonly serverPath?: string | undefined;
  /** The server that reads the files; undefined: not known, and what only newer ones know is left out. */
  readonly serverVersion?: string | undefined;
};

export type NodeConfigInput = Omit<HostFilesInput, 'host' | 'serverPath' | 'layout'> & {
  readonly layout: Omit<NodeLayout, 'service'> & {
    readonly service: NodeLayout['service'] | { readonly manager: 'container' };
  };
};

/** A file as it should be on a host. */
export type RenderedFile = {
  readonly path: string;
  /** Octal, as `0640`. */
  readonly mode: string;
  readonly owner: string | undefined;
  readonly group: string | undefined;
  readonly content: string;
  /** Holds a password. */
  readonly secret: boolean;
};

/** Every file of one host: its nodes' redis.conf, then the unit, sysctl and so on that they share. Pure. */
export function renderHostFiles(input: HostFilesInput): readonly RenderedFile[] {
  const { layout, secrets } = input;
  const owner = layout.serviceUser === undefined ? undefined : 'root';
  const confs = layout.nodes.map((node) => ({
    path: node.configFile,
    mode: owner === undefined ? '0600' : '0640',
    owner,
    group: layout.serviceUser,
    content: renderNodeConfig({ ...input, layout: node }),
    secret: secrets.password !== undefined,
  }));
  return [...confs, ...renderShared(input)];
}

/**
 * The redis.conf of one node, from `templates/redis.conf.hbs` with the inventory's own directives over it.
 */
export function renderNodeConfig(input: NodeConfigInput): string {
  const { inventory, layout, secrets } = input;
  const { node, service } = layout;
  const settings = collectSettings(inventory.config);
  const user = inventory.auth.application;
  const acl =
    user === undefined || secrets.application === undefined
      ? undefined
      : applicationUser(user.user, secrets.application).join(' ');
  const context = {
    header: renderHeader({ cluster: inventory.cluster, node: node.id }),
    ...sizes(input),
    // A container's own network ends at the ports that are published.
    bind: service.manager === 'container' ? '* -::*' : bindAddresses(node.address).join(' '),
    sourceAddress: service.manager === 'container' ? '' : sourceAddress(node, input.serverVersion),
    open: service.manager === 'container' && inventory.auth.password === undefined,
    address: node.address,
    port: String(node.port),
    systemd: service.manager === 'systemd',
    daemon: service.manager === 'daemon',
    container: service.manager === 'container',
    pidFile: service.manager === 'daemon' ? service.pidFile : '',
    logFile: layout.logFile,
    dataDirectory: layout.dataDirectory,
    password: secrets.password ?? '',
    applicationUser: acl ?? '',
    cluster: inventory.mode === 'cluster',
    lonelyReplicas: inventory.replicas < 2,
    syncDelay: inventory.replicas < 2 ? '0' : '5',
  };
  const text = fillTemplate('redis.conf', context, {
    set: (name = '', ...defaults) => settings.take(name, defaults),
    rest: () => settings.rest(),
  });
  return `${text.replaceAll(/\n{3,}/g, '\n\n').trimEnd()}\n`;
}

/**
 * Up to Redis 6.2 a node's connections come from the first address it binds to; from 7.0 on routing chooses,
 * which on a host with several addresses may be one that no firewall rule names.
 */
const sourceAddress = ({ address }: Node, version: string | undefined): string =>
  version !== undefined && Number.parseInt(version) >= 7 && !isLoopback(address) ? address : '';

/** A backlog and an output buffer that fit the data: too small ones end in endless full synchronisations. */
function sizes({ inventory, maxmemory }: NodeConfigInput): {
  readonly maxmemory: string;
  readonly backlog: string;
  readonly replicaBuffer: string;
} {
  const own = inventory.config['maxmemory'];
  const written = typeof own === 'string' || typeof own === 'number' ? String(own) : undefined;
  const bytes = (written === undefined ? maxmemory : parseMemory(written)) ?? 0;
  const limit = powerOfTwoWithin(bytes / 4, [256, 2048]);
  return {
    maxmemory: written ?? (maxmemory === undefined ? '' : formatMemory(maxmemory)),
    backlog: formatMemory(powerOfTwoWithin(bytes / 16, [16, 256])),
    replicaBuffer: `replica ${formatMemory(limit)} ${formatMemory(limit / 4)} 60`,
  };
}

/** The node's own address first, then loopback; `-` lets the server start where there is no IPv6. */
function bindAddresses(address: string): readonly string[] {
  if (address === '127.0.0.1') return [address, '-::1'];
  return address === '::1' || address.startsWith('127.') ? [address] : [address, '127.0.0.1', '-::1'];
}

function renderShared({ inventory, layout, serverPath }: HostFilesInput): readonly RenderedFile[] {
  const { shared } = layout;
  if (shared === undefined) return [];
  const { server } = inventory;
  const unitPaths = systemdPaths(server, '%i');
  const context = {
    header: renderHeader({ cluster: undefined, node: undefined }),
    server,
    serverName: server === 'redis' ? 'Redis' : 'Valkey',
    serverPath: serverPath ?? `/usr/bin/${server}-server`,
    configFile: unitPaths.configFile,
    configFolder: dirname(unitPaths.configFile),
    dataFolder: unitPaths.dataDirectory,
    // LogsDirectory= is relative to /var/log.
    logsDirectory: relative('/var/log', dirname(unitPaths.logFile)),
    startGuard: shared.startGuard,
    logFiles: systemdPaths(server, '[0-9]*').logFile,
  };
  return [
    // Before the unit that runs it.
    sharedFile(shared.startGuard, fillTemplate('start-guard.sh', context)),
    sharedFile(shared.unit, fillTemplate('weedgo-redis@.service', context)),
    sharedFile(shared.sysctl, fillTemplate('sysctl.conf', context)),
    sharedFile(shared.hugepages, fillTemplate('tmpfiles.conf', context)),
    sharedFile(shared.logrotate, fillTemplate('logrotate', context)),
    sharedFile(shared.needrestart, fillTemplate('needrestart.conf', context)),
  ];
}

function sharedFile(path: string, content: string): RenderedFile {
  return { path, mode: '0644', owner: 'root', group: 'root', content, secret: false };
}
