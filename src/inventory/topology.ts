import { nodeAddress } from './address.ts';
import type { Host, Inventory, Node } from './inventory.ts';
import { placeNodes } from './placement.ts';
import type { PlacedNode, Placement, PlacementRequest } from './placement.ts';
import { busOffset } from './ports.ts';
import type { HostDocument, InventoryDocument } from './schema.ts';

/** One master with its replicas, as the inventory prefers them. */
export type Shard = { readonly number: number; readonly master: Node; readonly replicas: readonly Node[] };

/** Where every node goes; for a standalone server that is its one port. */
export function placeDocument(document: InventoryDocument): Placement {
  if (document.mode === 'cluster') return placeNodes(placementRequest(document));
  const nodes = document.hosts.flatMap(({ name, ports }) =>
    ports.map((port): PlacedNode => ({ host: name, port, preferredRole: 'master', shard: 1 })),
  );
  return { possible: true, nodes };
}

function placementRequest({ hosts, replicas, antiAffinity }: InventoryDocument): PlacementRequest {
  return { hosts: hosts.map(({ name, zone, ports }) => ({ name, zone, ports })), replicas, antiAffinity };
}

/** Hosts with the inventory's defaults applied, and all nodes in the order of `placed`. */
export function buildTopology(
  document: InventoryDocument,
  placed: readonly PlacedNode[],
): Pick<Inventory, 'hosts' | 'nodes'> {
  const byName = new Map(document.hosts.map((host) => [host.name, host]));
  const nodes = placed.flatMap((slot) => {
    const host = byName.get(slot.host);
    return host === undefined ? [] : [buildNode(slot, host)];
  });
  return { hosts: document.hosts.map((host) => buildHost(document, host, nodes)), nodes };
}

function buildNode({ host, port, preferredRole, shard }: PlacedNode, document: HostDocument): Node {
  return {
    id: `${host}:${port}`,
    host,
    zone: document.zone,
    address: nodeAddress(document),
    port,
    busPort: port + busOffset,
    preferredRole,
    shard,
  };
}

function buildHost(document: InventoryDocument, host: HostDocument, nodes: readonly Node[]): Host {
  return {
    name: host.name,
    address: host.address,
    privateAddress: nodeAddress(host),
    zone: host.zone,
    connection: host.connection ?? document.connection,
    ssh: { ...document.ssh, ...host.ssh },
    become: host.become ?? document.become,
    nodes: host.ports.flatMap((port) =>
      nodes.filter((node) => node.host === host.name && node.port === port),
    ),
  };
}

/** The node of that id (`redis1:7000`) or of that address (`10.0.0.1:7000`); undefined when there is none. */
export function findNode(inventory: Inventory, name: string): Node | undefined {
  return (
    inventory.nodes.find(({ id }) => id === name) ??
    inventory.nodes.find(({ address, port }) => name === `${address}:${port}`)
  );
}

/** The host of that name, or of that address; undefined when there is none. */
export function findHost(inventory: Inventory, name: string): Host | undefined {
  return (
    inventory.hosts.find((host) => host.name === name) ??
    inventory.hosts.find(({ address, privateAddress }) => address === name || privateAddress === name)
  );
}

/** The inventory's nodes on one host, in the order of its ports. */
export function nodesOfHost(inventory: Inventory, host: string): readonly Node[] {
  return inventory.hosts.find(({ name }) => name === host)?.nodes ?? [];
}

/** The shards as the inventory prefers them, by number. */
export function shardsOf(inventory: Inventory): readonly Shard[] {
  const masters = inventory.nodes.filter(({ preferredRole }) => preferredRole === 'master');
  return masters.map((master) => ({
    number: master.shard,
    master,
    replicas: inventory.nodes.filter(
      ({ shard, preferredRole }) => shard === master.shard && preferredRole === 'replica',
    ),
  }));
}

/** The preferred master of a node's shard: the node itself when it is one. */
export function preferredMaster(inventory: Inventory, node: Node): Node {
  const master = inventory.nodes.find(
    ({ shard, preferredRole }) => shard === node.shard && preferredRole === 'master',
  );
  return master ?? node;
}
