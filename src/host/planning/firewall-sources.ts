import { isIP } from 'node:net';
import type { Host, Inventory } from '../../inventory/inventory.ts';
import type { PortRule } from '../gate.ts';
import { canonicalNetwork, containsNetwork } from '../network.ts';

/** What of an inventory decides who may reach the nodes. */
export type FirewallWishes = Pick<
  Inventory,
  'firewall' | 'hosts' | 'mode' | 'cluster' | 'server' | 'install'
>;

/**
 * Who may reach which of a host's ports: the clients its nodes' ports, the other hosts those and the bus
 * ports. Pure data of the inventory, in its order; whether a firewall is there at all is not asked.
 */
export function allowedSources(inventory: FirewallWishes, host: Host): readonly PortRule[] {
  const cluster = inventory.mode === 'cluster';
  const ports = host.nodes.map(({ port }) => port);
  const all = cluster ? [...ports, ...host.nodes.map(({ busPort }) => busPort)] : ports;
  const peers = cluster ? inventory.hosts.filter(({ name }) => name !== host.name) : [];
  const wanted = [
    ...peers.flatMap(addressesOf).map((source) => ({ source, ports: all })),
    ...inventory.firewall.clients.map((source) => ({ source, ports })),
  ].map(({ source, ports: numbers }) => ({
    source: canonicalNetwork(source),
    ports: numbers.toSorted((one, other) => one - other).map(String),
  }));
  return wanted.filter((rule, index) => !wanted.slice(0, index).some((other) => covers(other, rule)));
}

/**
 * A node calls out from its private address where its server can be told so (7.0 and newer); older servers,
 * and the port check, from the address that the host's routes choose, which is often the one that `ssh`
 * reaches.
 */
export const addressesOf = ({ address, privateAddress }: Host): readonly string[] =>
  isIP(address) === isIP(privateAddress) ? [privateAddress, address] : [privateAddress];

/** Every packet of `inner` is one of `outer`. */
export const covers = (outer: PortRule, inner: PortRule): boolean =>
  containsNetwork(outer.source, inner.source) &&
  (outer.ports.length === 0 ||
    inner.ports.every((port) => outer.ports.some((range) => inRange(range, port))));

/** `7000` lies in `7000-7005`. */
export function inRange(range: string, port: string): boolean {
  const [first = '', last = first] = range.split('-');
  return Number(first) <= Number(port) && Number(port) <= Number(last);
}
