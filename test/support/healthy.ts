import { createHash } from 'node:crypto';
import type { CheckInput } from '../../src/checks/input.ts';
import type { HostProbe, NodeProbe } from '../../src/checks/probe.ts';
import { splitEvenly } from '../../src/cluster/slots.ts';
import type { NodeLine, ReachableView, SlotRange } from '../../src/cluster/view.ts';
import type { Evidence } from '../../src/host/diagnosis/evidence.ts';
import type { AppendOnlyFile, Facts, NodeData, Ownership } from '../../src/host/facts.ts';
import type { DataFormat } from '../../src/host/facts/rdb-header.ts';
import { limitTable, stateOf } from '../../src/host/port-limit.ts';
import { wantedLimit } from '../../src/host/planning/port-limit.ts';
import type { WantedAccess } from '../../src/host/owners.ts';
import type { Host, Inventory, Node, Secrets } from '../../src/inventory/inventory.ts';
import { directiveKind } from '../../src/inventory/directives.ts';
import { desiredDirectives } from '../../src/render/directives.ts';
import { layoutOf } from '../../src/render/layout.ts';
import { parseMemory } from '../../src/render/memory.ts';
import { renderHostFiles, type RenderedFile } from '../../src/render/render.ts';

/** Every fixture's observation is of this moment: 2026-01-01T00:00:00Z, in ms. */
const now = Date.UTC(2026, 0, 1);

const secrets: Secrets = { password: 'not-a-default-1', application: 'not-a-default-2' };

/** 40-hex id of a node, made from its name. */
export function idOf(name: string): string {
  return createHash('sha1').update(name).digest('hex');
}

/** Shards as `[master, ...replicas]`; default: as the inventory prefers them. */
export type Shards = readonly (readonly string[])[];

/** What verify would see of the inventory's cluster if nothing at all were wrong with it. */
export function healthyInput(inventory: Inventory, shards: Shards = preferredShards(inventory)): CheckInput {
  const files = Object.fromEntries(inventory.hosts.map((host) => [host.name, renderFiles(inventory, host)]));
  return {
    inventory,
    now,
    files,
    defaults: {},
    strayKeys: {},
    evidence: {},
    connections: {},
    first: undefined,
    passwordPublished: false,
    pending: { drained: {}, restart: undefined, drill: undefined },
    writeTest: undefined,
    view: { nodes: inventory.nodes.map((node) => viewOf(node, { inventory, shards, files })) },
    hosts: Object.fromEntries(
      inventory.hosts.map((host) => [
        host.name,
        {
          reachable: true,
          facts: withTable(inventory, host, factsOf(inventory, host, files[host.name] ?? [])),
        },
      ]),
    ),
    probes: Object.fromEntries(inventory.nodes.map((node) => [node.id, probeOf(node, inventory)])),
    hostProbes: Object.fromEntries(inventory.hosts.map((host) => [host.name, hostProbeOf(host)])),
  };
}

/** What is looked at where a node does not run, when nothing there is wrong. */
export function quietEvidence(): Evidence {
  const [own, other] = ['a', 'b'].map((digit) => digit.repeat(40));
  return {
    unit: {
      load: 'loaded',
      active: 'inactive',
      sub: 'dead',
      result: 'success',
      status: 0,
      condition: 0,
      restarts: 0,
      dropIns: [],
    },
    entries: [
      { path: '', kind: 'd', uid: 105, gid: 110, size: 4096 },
      { path: 'nodes.conf', kind: 'f', uid: 105, gid: 110, size: 300 },
    ],
    server: { uid: 105, gid: 110 },
    nodesConf: `${own} :0@0,,tls-port=0,shard-id=${own} myself,slave ${other} 0 0 3 connected
${other} 192.168.1.10:7000@17000 master - 0 1795795619000 3 connected 0-5460
vars currentEpoch 6 lastVoteEpoch 0
`,
    aof: undefined,
    dump: undefined,
    holders: [],
    programError: undefined,
    addresses: undefined,
    log: [],
    isLogFolder: false,
    journal: [],
  };
}

function preferredShards({ nodes }: Inventory): Shards {
  return nodes
    .filter(({ preferredRole }) => preferredRole === 'master')
    .map(({ id, shard }) => [
      id,
      ...nodes
        .filter((node) => node.shard === shard && node.preferredRole === 'replica')
        .map((node) => node.id),
    ]);
}

function renderFiles(inventory: Inventory, host: Host): readonly RenderedFile[] {
  const layout = layoutOf(inventory, host);
  return renderHostFiles({ inventory, host, layout, secrets, maxmemory: 2 ** 31, serverVersion: '7.0.15' });
}

type Scene = {
  readonly inventory: Inventory;
  readonly shards: Shards;
  readonly files: Readonly<Record<string, readonly RenderedFile[]>>;
};

function viewOf(node: Node, scene: Scene): ReachableView {
  const { inventory, shards } = scene;
  const own = shards.find((shard) => shard.includes(node.id)) ?? [];
  const isCluster = inventory.mode === 'cluster';
  return {
    reachable: true,
    node: node.id,
    nodeId: isCluster ? idOf(node.id) : '',
    nodes: isCluster ? inventory.nodes.map((other) => lineFor(node, other, shards)) : [],
    clusterInfo: isCluster
      ? { cluster_state: 'ok', cluster_slots_assigned: '16384', cluster_current_epoch: String(shards.length) }
      : {},
    info: {
      redis_version: '7.0.15',
      process_id: String(node.port),
      uptime_in_seconds: '86400',
      server_time_usec: String(now * 1000),
      connected_clients: '10',
      maxmemory: String(2 ** 31),
      used_memory: '104857600',
      used_memory_dataset: '94371840',
      mem_clients_normal: '20000',
      allocator_frag_ratio: '1.05',
      allocator_frag_bytes: '5000000',
      instantaneous_ops_per_sec: '1200',
      instantaneous_output_repl_kbps: '100.00',
      keyspace_hits: '900',
      keyspace_misses: '100',
      evicted_keys: '0',
      rejected_connections: '0',
      latest_fork_usec: '800',
      rdb_last_bgsave_status: 'ok',
      rdb_bgsave_in_progress: '0',
      rdb_changes_since_last_save: '5',
      rdb_last_save_time: String(now / 1000 - 60),
      aof_enabled: '1',
      aof_last_write_status: 'ok',
      aof_last_bgrewrite_status: 'ok',
      aof_current_rewrite_time_sec: '-1',
      cluster_enabled: isCluster ? '1' : '0',
      ...replicationInfo(node, own, inventory),
    },
    keys: 1000,
    config: liveConfig(node, scene),
  };
}

function replicationInfo(node: Node, shard: readonly string[], inventory: Inventory): Record<string, string> {
  const [master, ...replicas] = shard;
  const nodeNamed = (id: string): Node | undefined => inventory.nodes.find((each) => each.id === id);
  const common = { master_repl_offset: '5000', repl_backlog_size: String(128 * 2 ** 20) };
  if (node.id === master || master === undefined) {
    const lines = replicas.map((id, index) => {
      const { address = '', port = 0 } = nodeNamed(id) ?? {};
      return [`slave${index}`, `ip=${address},port=${port},state=online,offset=5000,lag=0`];
    });
    return {
      ...common,
      role: 'master',
      connected_slaves: String(replicas.length),
      ...Object.fromEntries(lines),
    };
  }
  return {
    ...common,
    role: 'slave',
    connected_slaves: '0',
    master_host: nodeNamed(master)?.address ?? '',
    master_port: String(nodeNamed(master)?.port ?? ''),
    master_link_status: 'up',
    master_sync_in_progress: '0',
    master_last_io_seconds_ago: '0',
    slave_repl_offset: '5000',
  };
}

/** What `observer` says of `node`. */
function lineFor(observer: Node, node: Node, shards: Shards): NodeLine {
  const index = shards.findIndex((shard) => shard.includes(node.id));
  const master = shards[index]?.[0] ?? node.id;
  const isMaster = master === node.id;
  const ranges = splitEvenly(shards.length);
  const range = index === -1 ? undefined : ranges[index];
  const slots: readonly SlotRange[] = isMaster && range ? [range] : [];
  return {
    nodeId: idOf(node.id),
    ip: node.address,
    port: node.port,
    busPort: node.busPort,
    hostname: undefined,
    flags: [...(observer.id === node.id ? (['myself'] as const) : []), isMaster ? 'master' : 'slave'],
    role: isMaster ? 'master' : 'replica',
    masterId: isMaster ? undefined : idOf(master),
    pingSent: 0,
    pongReceived: observer.id === node.id ? 0 : now - 500,
    configEpoch: index + 1,
    linkState: 'connected',
    slots,
    openSlots: [],
  };
}

/** CONFIG GET as the server would answer after reading its file. */
function liveConfig(node: Node, { inventory, files }: Scene): Readonly<Record<string, string>> {
  const host = inventory.hosts.find(({ name }) => name === node.host);
  const path = host && layoutOf(inventory, host).nodes.find((each) => each.node.id === node.id)?.configFile;
  const conf = files[node.host]?.find((file) => file.path === path)?.content ?? '';
  const directives = Object.entries(desiredDirectives(conf)).map(([name, lines]) => [
    name,
    inBytes(name, lines.map((line) => line.join(' ')).join(' ')),
  ]);
  return {
    'disable-thp': 'yes',
    'enable-debug-command': 'no',
    hz: '10',
    ...Object.fromEntries(directives),
    requirepass: '***',
    masterauth: '***',
  };
}

/** The server answers amounts of memory in bytes. */
function inBytes(name: string, value: string): string {
  return directiveKind(name) === 'memory' ? String(parseMemory(value) ?? value) : value;
}

/** With firewall.manage, the tool's own table is in force. */
function withTable(inventory: Inventory, host: Host, facts: Facts): Facts {
  const limit = wantedLimit(inventory, host, facts);
  if (!limit) return facts;
  return {
    ...facts,
    firewall: { ...facts.firewall, limits: { [limitTable(limit.cluster)]: stateOf(limit) } },
  };
}

function factsOf(inventory: Inventory, host: Host, files: readonly RenderedFile[]): Facts {
  const layout = layoutOf(inventory, host);
  const isManaged = layout.manager === 'systemd';
  const nodes = layout.nodes.map(({ node }) => node);
  const ownership = ({ mode, owner, group }: WantedAccess): Ownership => {
    const other = isManaged ? 107 : 1000;
    return {
      mode,
      owner: owner ?? (isManaged ? 'root' : 'operator'),
      group: group ?? (isManaged ? inventory.server : 'operator'),
      uid: isManaged && (owner ?? 'root') === 'root' ? 0 : other,
      gid: group === 'root' ? 0 : isManaged ? 114 : other,
    };
  };
  return {
    os: {
      id: 'debian',
      versionId: '12',
      prettyName: 'Debian GNU/Linux 12 (bookworm)',
      packageManager: 'apt',
      systemd: true,
      kernel: '6.1.0',
      selinuxEnforcing: false,
    },
    effectiveUser: { name: 'root', uid: 0, home: '/root' },
    cpus: 4,
    memory: { total: 16 * 2 ** 30, available: 12 * 2 ** 30, swapTotal: 0 },
    clock: { now, offsetMs: 3, uncertaintyMs: 5, synchronized: true },
    disks: Object.fromEntries(
      layout.nodes.map(({ dataDirectory }) => [
        dataDirectory,
        { total: 50 * 2 ** 30, available: 40 * 2 ** 30, inodesAvailable: 3_000_000 },
      ]),
    ),
    server: {
      installed: { path: '/usr/bin/redis-server', version: '7.0.15' },
      available: undefined,
      unfinished: false,
      account: host.connection === 'local' ? undefined : { uid: 107, gid: 114 },
    },
    files: Object.fromEntries(
      files.map((file) => [
        file.path,
        {
          ...ownership(file),
          content: file.content,
          modified: now - 86_400_000,
        },
      ]),
    ),
    directories: Object.fromEntries(
      layout.directories.map((directory) => [directory.path, { ...ownership(directory), entries: [] }]),
    ),
    unusable: {},
    strayOwners: {},
    units: Object.fromEntries(
      layout.nodes.flatMap(({ node, service }) =>
        service.manager === 'systemd'
          ? [
              [
                service.unit,
                {
                  load: 'loaded',
                  active: 'active',
                  sub: 'running',
                  enabled: 'enabled',
                  mainPid: node.port,
                  restarts: 0,
                  needsReload: false,
                },
              ],
            ]
          : [],
      ),
    ),
    listeners: nodes.flatMap(({ port, busPort, address }) =>
      [port, busPort].flatMap((each) => [
        { address, port: each, pid: port, process: 'redis-server' },
        { address: '127.0.0.1', port: each, pid: port, process: 'redis-server' },
      ]),
    ),
    kernel: {
      overcommitMemory: 1,
      somaxconn: 4096,
      transparentHugepages: 'madvise',
      overcommitMemoryWritable: true,
      somaxconnWritable: true,
      transparentHugepagesWritable: true,
      atBoot: {},
      backlogs: {},
    },
    network: {
      addresses: [],
      hasAddress: true,
      outgoingPorts: [32_768, 60_999],
      reservedPorts: [],
      sockets: [],
    },
    firewall: {
      gates: [{ gate: { tool: 'ufw' }, drops: true, families: [4, 6], rules: [] }],
      limits: {},
      nft: true,
      complete: true,
    },
    processes: Object.fromEntries(
      nodes.map(({ id, port }) => [
        id,
        {
          pid: port,
          folder: 'own',
          executable: '/usr/bin/redis-server',
          openFilesLimit: 65_536,
          started: now - 86_400_000,
        },
      ]),
    ),
    foreignServers: {},
    data: Object.fromEntries(nodes.map((node) => [node.id, dataOf(node, inventory)])),
  };
}

const appendOnlyFiles = (format: DataFormat): readonly AppendOnlyFile[] => [
  {
    name: 'appendonly.aof.2.base.rdb',
    type: 'base',
    file: { size: 50_000_000, modified: now - 3_600_000, format },
  },
  {
    name: 'appendonly.aof.2.incr.aof',
    type: 'increment',
    file: { size: 1_000_000, modified: now, format: { kind: 'commands' } },
  },
];

/** As a node leaves it that has written its append-only file for a day. */
function dataOf(node: Node, inventory: Inventory): NodeData {
  const rdb = { kind: 'rdb', program: 'REDIS', version: 10, begun: now - 3_600_000, isEmpty: false } as const;
  const isMaster = node.preferredRole === 'master';
  const master = inventory.nodes.find((each) => each.shard === node.shard);
  return {
    leftBehind: undefined,
    asides: [],
    folder: {
      kind: 'read',
      isWritable: true,
      identity:
        inventory.mode === 'standalone'
          ? { kind: 'none' }
          : {
              kind: 'known',
              id: idOf(node.id),
              ip: node.address,
              port: node.port,
              masterId: isMaster ? undefined : idOf(master?.id ?? ''),
              epoch: node.shard,
              ownsSlots: isMaster,
              peers: inventory.nodes.filter((other) => other !== node).map(({ id }) => idOf(id)),
              peersAt: inventory.nodes
                .filter((other) => other !== node)
                .map(({ address, port }) => ({ ip: address, port })),
            },
      dump: { size: 50_000_000, modified: now - 60_000, format: rdb },
      single: undefined,
      appendOnly: ['no', 'false'].includes(String(inventory.config['appendonly']))
        ? undefined
        : appendOnlyFiles(rdb),
    },
  };
}

function probeOf(node: Node, inventory: Inventory): NodeProbe {
  const peers = inventory.nodes.filter(({ id }) => id !== node.id);
  const application = inventory.auth.application?.user;
  const user = {
    enabled: true,
    noPassword: false,
    passwords: 1,
    oursWorks: true,
    keys: ['~*'],
    channels: ['&*'],
    selectors: [],
  };
  return {
    links: peers.flatMap(({ id }) => [
      { direction: 'to', nodeId: idOf(id), established: true },
      { direction: 'from', nodeId: idOf(id), established: true },
    ]),
    latency: [],
    slowlog: [],
    users: [
      { name: 'default', ...user, commands: ['+@all'] },
      ...(application === undefined
        ? []
        : [{ name: application, ...user, commands: ['+@all', '-@admin', '-@dangerous', '+cluster|nodes'] }]),
    ],
    openSlotKeys: {},
    writes: 'taken',
    anonymous: 'refused',
  };
}

function hostProbeOf({ nodes }: Host): HostProbe {
  return {
    oomKills: [],
    dataFolders: Object.fromEntries(nodes.map(({ id }) => [id, 'writable' as const])),
    certificates: {},
    stopped: {},
  };
}
