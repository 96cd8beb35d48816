import { canonicalAddress, isLoopback } from '../../inventory/address.ts';
import type { Host, Inventory } from '../../inventory/inventory.ts';
import type { Facts } from '../facts.ts';
import type { Requirement } from './requirement.ts';

/**
 * Each host of the inventory is a machine of its own: a copy of the data on the same machine is lost with it.
 */
export const requireOwnMachine: Requirement = ({ inventory, host, facts }) =>
  sameMachine(inventory, host, facts).map((other) => ({
    id: 'one-machine',
    kind: inventory.antiAffinity === 'none' ? 'warning' : 'failed',
    host: host.name,
    message: `${host.name}: ${other.privateAddress}, the address of ${other.name}, is an address of this host: the two are one machine`,
    hints: [
      `List the ports of ${other.name} under ${host.name}, and another machine in its place: one machine is one host.`,
    ],
  }));

/**
 * The other hosts of the inventory whose nodes listen on an address of this host. Nodes on loopback share
 * theirs.
 */
export function sameMachine(
  { hosts }: Pick<Inventory, 'hosts'>,
  host: Pick<Host, 'name'>,
  { network }: Pick<Facts, 'network'>,
): readonly Host[] {
  const own = new Set(network.addresses.map(({ address }) => canonicalAddress(address)));
  return hosts.filter(
    ({ name, privateAddress, connection }) =>
      name !== host.name &&
      connection === 'ssh' &&
      !isLoopback(privateAddress) &&
      own.has(canonicalAddress(privateAddress)),
  );
}
