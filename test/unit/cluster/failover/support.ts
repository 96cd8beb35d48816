import { readdirSync, readFileSync } from 'node:fs';
import { situationOf } from '../../../../src/cluster/failover/situation.ts';
import type { Situation } from '../../../../src/cluster/failover/situation.ts';
import { splitEvenly } from '../../../../src/cluster/slots.ts';
import type { NodeFlag, NodeLine, SlotRange, TopologyView } from '../../../../src/cluster/view.ts';
import { parseInventory } from '../../../../src/inventory/load.ts';
import type { Inventory, Node } from '../../../../src/inventory/inventory.ts';

/** A situation, told as what differs from a healthy three-by-two cluster in its preferred roles. */
export type Scene = {
  readonly what: string;
  /** Lines of the inventory's `hosts`; default three hosts with two ports each. */
  readonly hosts?: readonly string[];
  readonly replicas?: number;
  readonly maxLag?: number;
  readonly drained?: readonly string[];
  readonly nodes?: Readonly<Record<string, Oddity>>;
};

export type Oddity = {
  readonly replicaOf?: string;
  readonly master?: boolean;
  /** It does not answer. */
  readonly down?: boolean;
  /** Not even its host can be connected, so that it is down is not known. */
  readonly unseen?: boolean;
  /** Of its own and in everybody's eyes. */
  readonly flags?: readonly NodeFlag[];
  /** never: not since its process started. */
  readonly link?: 'up' | 'down' | 'never';
  readonly syncing?: boolean;
  readonly offset?: number;
  /** min-replicas-to-write; default 0, null: it does not say. */
  readonly needs?: number | null;
  readonly state?: 'ok' | 'fail';
  readonly slots?: readonly SlotRange[];
  readonly moving?: boolean;
  /** What this node alone believes of others: whom they replicate. */
  readonly believes?: Readonly<Record<string, string>>;
  /** Nodes that it has no bus link to. */
  readonly unlinked?: readonly string[];
};

const threeHosts = [
  '{ name: redis1, address: 10.0.0.1, ports: [7000, 7003], zone: a }',
  '{ name: redis2, address: 10.0.0.2, ports: [7001, 7004], zone: b }',
  '{ name: redis3, address: 10.0.0.3, ports: [7002, 7005], zone: c }',
];

/** The scenes of every file in a folder of fixtures; T is what the scenes there have beyond a scene. */
// oxlint-disable-next-line no-unnecessary-type-parameters -- it types what JSON.parse cannot
export function readScenes<T>(folder: string): readonly (Scene & T)[] {
  const url = new URL(`../../../fixtures/failover/${folder}/`, import.meta.url);
  return readdirSync(url).flatMap(
    (file) => JSON.parse(readFileSync(new URL(file, url), 'utf8')) as (Scene & T)[],
  );
}

export function inventoryOf({ hosts = threeHosts, replicas = 1 }: Scene): Inventory {
  const text = [
    'cluster: demo',
    `replicas: ${replicas}`,
    'auth: { password: { env: X } }',
    'hosts:',
    ...hosts.map((host) => `  - ${host}`),
  ].join('\n');
  return parseInventory(text, '/demo.yaml');
}

export function stage(scene: Scene): Situation {
  const inventory = inventoryOf(scene);
  return situationOf(inventory, viewFor(inventory, scene.nodes ?? {}), {
    ...(scene.maxLag !== undefined && { maxLag: scene.maxLag }),
    ...(scene.drained !== undefined && { drained: scene.drained }),
  });
}

const idOf = ({ address, port }: Node): string => `${address.replaceAll('.', '')}${port}`.padStart(40, '0');

function viewFor(inventory: Inventory, odd: Readonly<Record<string, Oddity>>): TopologyView {
  const { nodes } = inventory;
  const find = (id: string): Node => nodes.find((node) => node.id === id) as Node;
  const masterOf = (node: Node): Node | undefined => {
    const { replicaOf, master } = odd[node.id] ?? {};
    if (replicaOf !== undefined) return find(replicaOf);
    if (master === true || node.preferredRole === 'master') return undefined;
    return nodes.find((other) => other.preferredRole === 'master' && other.shard === node.shard);
  };
  const shares = splitEvenly(Math.max(...nodes.map(({ shard }) => shard)));
  const line = (node: Node, observer: Node): NodeLine => {
    const believed = odd[observer.id]?.believes?.[node.id];
    const master = believed === undefined ? masterOf(node) : find(believed);
    const { flags = [], slots, moving } = odd[node.id] ?? {};
    const share = shares[node.shard - 1];
    return {
      nodeId: idOf(node),
      ip: node.address,
      port: node.port,
      busPort: node.busPort,
      hostname: undefined,
      flags: [...(node === observer ? (['myself'] as const) : []), master ? 'slave' : 'master', ...flags],
      role: master ? 'replica' : 'master',
      masterId: master && idOf(master),
      pingSent: 0,
      pongReceived: 1,
      configEpoch: node.shard,
      linkState: odd[observer.id]?.unlinked?.includes(node.id) ? 'disconnected' : 'connected',
      slots: master ? [] : (slots ?? (share ? [share] : [])),
      openSlots: moving ? [{ slot: 5, state: 'migrating', peer: '1'.repeat(40) }] : [],
    };
  };
  return {
    nodes: nodes.map((node) => {
      const {
        down,
        unseen,
        link = 'up',
        offset = 1000,
        syncing,
        state = 'ok',
        needs = 0,
      } = odd[node.id] ?? {};
      if (unseen) return { reachable: false, node: node.id, failure: 'host', reason: 'not connected' };
      if (down) return { reachable: false, node: node.id, failure: 'refused', reason: 'connection refused' };
      const replica = masterOf(node) !== undefined;
      return {
        reachable: true,
        node: node.id,
        nodeId: idOf(node),
        nodes: nodes.map((other) => line(other, node)),
        clusterInfo: { cluster_state: state },
        neededReplicas: needs ?? undefined,
        info: replica
          ? {
              role: 'slave',
              master_link_status: link === 'up' ? 'up' : 'down',
              ...(link !== 'up' && { master_link_down_since_seconds: link === 'never' ? '-1' : '12' }),
              master_sync_in_progress: syncing ? '1' : '0',
              slave_repl_offset: String(offset),
              master_repl_offset: String(offset),
            }
          : { role: 'master', master_repl_offset: String(offset) },
      };
    }),
  };
}
