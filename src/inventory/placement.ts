import { count } from './fault.ts';
import { createNetwork } from './flow.ts';
import type { Network } from './flow.ts';

export type PlacedHost = {
  readonly name: string;
  readonly zone: string | undefined;
  readonly ports: readonly number[];
};
export type PlacedNode = {
  readonly host: string;
  readonly port: number;
  readonly preferredRole: 'master' | 'replica';
  /** From 1. */
  readonly shard: number;
};
export type PlacementRequest = {
  readonly hosts: readonly PlacedHost[];
  /** Replicas per master. */
  readonly replicas: number;
  readonly antiAffinity: 'host' | 'none';
};
export type Placement =
  | { readonly possible: true; readonly nodes: readonly PlacedNode[] }
  /** `message` says what to add; `blame` is the key of the inventory to point at. */
  | { readonly possible: false; readonly message: string; readonly blame: 'hosts' | 'replicas' };

/** Redis Cluster needs three masters for a majority to survive the loss of one. */
const fewestMasters = 3;

/**
 * Gives every listed port its role: the first column of `ports`, host by host, then the next, until there are
 * enough masters; the rest are replicas. No two nodes of a shard share a host (unless antiAffinity is none),
 * nor a zone where that is possible, and the replicas of one host's masters are spread over the others.
 * A placement that keeps shards off shared hosts is found whenever these masters allow one.
 * Nodes come masters first, in order of shard, then replicas by column.
 */
export function placeNodes(request: PlacementRequest): Placement {
  const { hosts, replicas } = request;
  const slots = columns(hosts);
  const masters = slots.length / (replicas + 1);
  const refusal = refuse(request, slots.length);
  if (refusal !== undefined) return refusal;
  const mastered = slots
    .slice(0, masters)
    .map((slot, index) => ({ ...slot, preferredRole: 'master' as const, shard: index + 1 }));
  const shards = assign(request, mastered, slots.slice(masters));
  if (shards === undefined) return { possible: false, message: lopsided(request, masters), blame: 'hosts' };
  return { possible: true, nodes: [...mastered, ...shards] };
}

type Slot = { readonly host: string; readonly port: number };

function columns(hosts: readonly PlacedHost[]): readonly Slot[] {
  const width = Math.max(0, ...hosts.map(({ ports }) => ports.length));
  return Array.from({ length: width }, (_, column) =>
    hosts.flatMap(({ name, ports }) => ports.slice(column, column + 1).map((port) => ({ host: name, port }))),
  ).flat();
}

function refuse({ hosts, replicas, antiAffinity }: PlacementRequest, nodes: number): Placement | undefined {
  const group = replicas + 1;
  const each = replicas === 0 ? 'no replicas' : `${count(replicas, 'replica')} each`;
  if (nodes < fewestMasters * group) {
    const missing = fewestMasters * group - nodes;
    return impossible(
      `Redis Cluster needs at least ${fewestMasters} masters; with ${each} that is ${fewestMasters * group} nodes, ` +
        `and ${count(nodes, 'port')} ${nodes === 1 ? 'is' : 'are'} listed: add ${count(missing, 'port')}`,
    );
  }
  const surplus = nodes % group;
  if (surplus > 0) {
    const masters = Math.floor(nodes / group);
    return impossible(
      `${nodes} nodes cannot be divided into masters with ${each}: ` +
        `add ${count(group - surplus, 'port')} for ${masters + 1} masters, or remove ${count(surplus, 'port')} for ${masters}`,
    );
  }
  if (antiAffinity === 'host' && hosts.length < group) {
    const message =
      `${count(replicas, 'replica')} per master on hosts of their own need ${count(group, 'host')}, ` +
      `and there ${hosts.length === 1 ? 'is' : 'are'} ${hosts.length}: add ${count(group - hosts.length, 'host')}, ` +
      'or write antiAffinity: none for development on one machine';
    return { possible: false, message, blame: 'replicas' };
  }
  return undefined;
}

function impossible(message: string): Placement {
  return { possible: false, message, blame: 'hosts' };
}

function lopsided({ hosts }: PlacementRequest, shards: number): string {
  const fullest = hosts.toSorted((a, b) => b.ports.length - a.ports.length)[0];
  return (
    "the ports are spread too unevenly to keep every replica off its master's host: " +
    `${fullest?.name ?? 'one host'} has ${count(fullest?.ports.length ?? 0, 'port')} for ${count(shards, 'shard')}; ` +
    'give its ports to other hosts, or add hosts'
  );
}

type Master = Slot & { readonly shard: number };

const sameHost = 1_000_000;
const sameZone = 1_000;

/**
 * Which shard each replica port serves, as a minimum-cost flow: host → pair of hosts → zone and shard →
 * shard. Parallel edges of rising cost on the pairs spread the replicas of one host's masters over many
 * hosts.
 */
function assign(
  request: PlacementRequest,
  masters: readonly Master[],
  rest: readonly Slot[],
): readonly PlacedNode[] | undefined {
  const network = createNetwork();
  for (const [index, host] of request.hosts.entries()) {
    const own = rest.filter((slot) => slot.host === host.name);
    if (own.length === 0) continue;
    network.edge('source', `host ${host.name}`, { capacity: own.length, cost: 0 });
    for (const [other, target] of request.hosts.entries()) {
      const served = masters.filter((master) => master.host === target.name);
      const distance = (index - other - 1 + request.hosts.length) % request.hosts.length;
      connectHosts({ network, request, host, target, served, own, distance });
    }
  }
  connectShards(network, request, masters);
  if (network.push('source', 'sink', rest.length) < rest.length) return undefined;
  return readFlow(network, request, { masters, rest });
}

type Pair = {
  readonly network: Network;
  readonly request: PlacementRequest;
  readonly host: PlacedHost;
  readonly target: PlacedHost;
  readonly served: readonly Master[];
  readonly own: readonly Slot[];
  /** Ranks otherwise equal choices: the next host's masters first. */
  readonly distance: number;
};

function connectHosts({ network, request, host, target, served, own, distance }: Pair): void {
  const together = host.name === target.name;
  if (together && request.antiAffinity === 'host') return;
  const pair = `pair ${host.name} ${target.name}`;
  const steps = Math.min(own.length, served.length * request.replicas);
  for (let taken = 0; taken < steps; taken++) {
    const cost = (together ? sameHost : 0) + taken * request.hosts.length + distance;
    network.edge(`host ${host.name}`, pair, { capacity: 1, cost });
  }
  for (const { shard } of served) {
    network.edge(pair, `zone ${zoneOf(host)} ${shard}`, { capacity: 1, cost: 0 });
    const more = request.antiAffinity === 'none' ? request.replicas - 1 : 0;
    if (more > 0) network.edge(pair, `zone ${zoneOf(host)} ${shard}`, { capacity: more, cost: sameHost });
  }
}

function connectShards(
  network: Network,
  { hosts, replicas }: PlacementRequest,
  masters: readonly Master[],
): void {
  const zones = new Set(hosts.map(zoneOf));
  for (const { shard, host } of masters) {
    const home = hosts.find(({ name }) => name === host);
    for (const zone of zones) {
      const vertex = `zone ${zone} ${shard}`;
      const cost = home !== undefined && zoneOf(home) === zone ? sameZone : 0;
      network.edge(vertex, `shard ${shard}`, { capacity: 1, cost });
      if (replicas > 1) network.edge(vertex, `shard ${shard}`, { capacity: replicas - 1, cost: sameZone });
    }
    network.edge(`shard ${shard}`, 'sink', { capacity: replicas, cost: 0 });
  }
}

/** A host without a zone shares none with any other. */
function zoneOf({ zone, name }: PlacedHost): string {
  return zone === undefined ? `host:${name}` : `zone:${zone}`;
}

function readFlow(
  network: Network,
  request: PlacementRequest,
  { masters, rest }: { readonly masters: readonly Master[]; readonly rest: readonly Slot[] },
): readonly PlacedNode[] {
  const queues = new Map(
    request.hosts.map((host) => [
      host.name,
      masters.flatMap(({ shard, host: target }) => {
        const units = network.flow(`pair ${host.name} ${target}`, `zone ${zoneOf(host)} ${shard}`);
        return Array<number>(units).fill(shard);
      }),
    ]),
  );
  return rest.map(({ host, port }) => ({
    host,
    port,
    preferredRole: 'replica' as const,
    shard: queues.get(host)?.shift() ?? 0,
  }));
}
