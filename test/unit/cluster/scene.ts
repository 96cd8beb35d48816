import { readFileSync, readdirSync } from 'node:fs';
import { parse } from 'yaml';
import { parseClusterNodes } from '../../../src/cluster/parse.ts';
import { plannedSlots } from '../../../src/cluster/placement.ts';
import { formatRanges } from '../../../src/cluster/slots.ts';
import type { ClusterView, NodeView } from '../../../src/cluster/view.ts';
import type { Inventory, Node } from '../../../src/inventory/inventory.ts';
import { parseInventory } from '../../../src/inventory/load.ts';

/**
 * One file of `test/fixtures/cluster/plan`: six nodes, what is odd about them, and what is to be done or
 * refused.
 */
export type PlanCase = {
  /** bare: nobody knows anybody. formed: complete, with the inventory's roles. */
  readonly start: 'bare' | 'formed';
  /** By node; what is not said is as `start` has it. */
  readonly nodes?: Readonly<Record<string, Oddity>>;
  readonly mode?: Inventory['mode'];
  /** `describeClusterStep` of each step, those that set settings left out unless `settings` is true. */
  readonly settings?: boolean;
  readonly steps?: readonly string[];
  /** Parts of each refusal's reason. */
  readonly refusals?: readonly string[];
  /** Parts of what `listMissing` says; not looked at when absent. */
  readonly missing?: readonly string[];
};

export type Oddity = {
  readonly replicaOf?: string;
  /** It answers under this node's id: a copied data folder. */
  readonly runsAs?: string;
  /** A master, although the inventory prefers a replica. */
  readonly master?: boolean;
  readonly slots?: string;
  readonly epoch?: number;
  readonly keys?: number;
  /** Inventory nodes that it knows by their ids. */
  readonly knows?: readonly string[];
  /** `address:port` of nodes in handshake. */
  readonly handshakes?: readonly string[];
  /** Further lines of its CLUSTER NODES. */
  readonly lines?: readonly string[];
  /** Of this node in everybody's eyes, but its own. */
  readonly flags?: string;
  readonly disconnected?: boolean;
  /** What it believes of others, as CLUSTER NODES has it. */
  readonly believes?: Readonly<Record<string, Oddity>>;
  readonly state?: string;
  readonly link?: string;
  readonly failure?: 'refused' | 'auth' | 'timeout' | 'host';
  readonly standalone?: boolean;
  readonly config?: Readonly<Record<string, string>>;
};

const folder = new URL('../../fixtures/cluster/plan/', import.meta.url);

export const planCases: readonly (readonly [string, PlanCase])[] = readdirSync(folder).map((file) => [
  file.replace('.yaml', ''),
  parse(readFileSync(new URL(file, folder), 'utf8')) as PlanCase,
]);

export function sixNodes(mode: Inventory['mode'] = 'cluster'): Inventory {
  const hosts = [
    { name: 'redis1', address: '10.0.0.1', ports: [7000, 7003] },
    { name: 'redis2', address: '10.0.0.2', ports: [7001, 7004] },
    { name: 'redis3', address: '10.0.0.3', ports: [7002, 7005] },
  ];
  const auth = { password: { env: 'WEEDGO_REDIS_PASSWORD' } };
  const document =
    mode === 'cluster'
      ? { cluster: 'six', auth, hosts }
      : { cluster: 'one', mode, auth, hosts: [{ name: 'redis1', address: '10.0.0.1', ports: [7000] }] };
  return parseInventory(JSON.stringify(document), '/nowhere/weedgo-redis.yaml');
}

/**
 * The first replica of the first shard is `1003…`: ids start with the host's number and the port's last
 * digit.
 */
export const idOf = (node: string): string => node.replace(/\D/g, '').padEnd(40, '0');

/** What the six nodes would say. */
export function viewOf(inventory: Inventory, scene: PlanCase): ClusterView {
  return { nodes: inventory.nodes.map((node) => nodeView(node, inventory, scene)) };
}

function nodeView(node: Node, inventory: Inventory, scene: PlanCase): NodeView {
  const odd = oddity(node, scene);
  if (odd.failure)
    return { reachable: false, node: node.id, failure: odd.failure, reason: 'it cannot be asked' };
  const lines = odd.standalone
    ? ''
    : inventory.nodes
        .filter((other) => other === node || (odd.knows ?? known(node, inventory, scene)).includes(other.id))
        .map((other) => lineFor(node, other, { inventory, scene }))
        .concat((odd.handshakes ?? []).map(handshake), odd.lines ?? [])
        .join('\n');
  const nodes = parseClusterNodes(lines);
  const assigned = nodes
    .flatMap(({ slots }) => slots)
    .reduce((sum, [first, last]) => sum + last - first + 1, 0);
  const own = nodes.find(({ flags }) => flags.includes('myself'));
  return {
    reachable: true,
    node: node.id,
    nodeId: odd.standalone ? '' : idOf(odd.runsAs ?? node.id),
    nodes,
    clusterInfo: {
      cluster_state: odd.state ?? (assigned === 16_384 ? 'ok' : 'fail'),
      cluster_slots_assigned: String(assigned),
      cluster_current_epoch: String(Math.max(0, ...nodes.map(({ configEpoch }) => configEpoch))),
    },
    info: {
      cluster_enabled: odd.standalone ? '0' : '1',
      ...(own?.role === 'replica' && { master_link_status: odd.link ?? 'up' }),
    },
    keys: odd.keys ?? 0,
    config: { 'cluster-node-timeout': '15000', 'repl-diskless-sync-delay': '5', ...odd.config },
  };
}

const oddity = (node: Node, scene: PlanCase): Oddity => scene.nodes?.[node.id] ?? {};

const known = (node: Node, { nodes }: Inventory, scene: PlanCase): readonly string[] =>
  scene.start === 'formed' ? nodes.map(({ id }) => id) : [node.id];

type Stage = { readonly inventory: Inventory; readonly scene: PlanCase };

function lineFor(observer: Node, node: Node, { inventory, scene }: Stage): string {
  const odd = { ...oddity(node, scene), ...oddity(observer, scene).believes?.[node.id] };
  const master = masterOf(node, odd, { inventory, scene });
  const planned = scene.start === 'formed' && !master ? formatRanges(plannedSlots(inventory, node.id)) : '';
  const own = observer === node;
  const role = master ? 'slave' : 'master';
  return [
    idOf(node.id),
    `${node.address}:${node.port}@${node.busPort}`,
    own ? `myself,${role}` : `${role}${odd.flags ? `,${odd.flags}` : ''}`,
    master ? idOf(master) : '-',
    '0 1',
    odd.epoch ?? (scene.start === 'formed' ? node.shard : 0),
    odd.disconnected && !own ? 'disconnected' : 'connected',
    ...(odd.slots ?? planned).split(',').filter(Boolean),
  ].join(' ');
}

function masterOf(node: Node, odd: Oddity, { inventory, scene }: Stage): string | undefined {
  if (odd.replicaOf !== undefined) return odd.replicaOf;
  if (odd.master || scene.start === 'bare' || node.preferredRole === 'master') return undefined;
  return inventory.nodes.find((other) => other.shard === node.shard)?.id;
}

const handshake = (address: string, index: number): string =>
  `${String(index).padStart(40, 'f')} ${address}@${Number(address.split(':').at(-1)) + 10_000} handshake - 0 0 0 disconnected`;
