import { isLoopback } from '../../inventory/address.ts';
import type { Host } from '../../inventory/inventory.ts';
import type { Facts } from '../facts.ts';
import type { Requirement } from './requirement.ts';

/**
 * The nodes' address is one that the host has: they bind to it, and the other hosts and clients are sent
 * there.
 */
export const requireAddress: Requirement = ({ host, facts }) => {
  if (!lacksAddress(host, facts)) return [];
  const { name, privateAddress, address } = host;
  const own = describeAddresses(facts);
  return [
    {
      id: 'address',
      kind: 'failed',
      host: name,
      message: `${name}: ${privateAddress} is not an address of this host, which has ${own}`,
      hints: [
        address === privateAddress
          ? `Add privateAddress with an address of the host, and keep ${address} for SSH: an elastic, floating or NAT address cannot be bound.`
          : 'Set privateAddress to an address of the host: an elastic, floating or NAT address cannot be bound.',
      ],
    },
  ];
};

/** False as well where the host could not tell. */
export const lacksAddress = (
  { privateAddress }: Pick<Host, 'privateAddress'>,
  { network }: Pick<Facts, 'network'>,
): boolean => network.hasAddress === false && !isLoopback(privateAddress);

/** `10.0.0.5 (eth0), 10.0.1.5 (eth1)`; loopback and link-local addresses help nobody here. */
export function describeAddresses({ network }: Pick<Facts, 'network'>): string {
  const own = network.addresses.filter(
    ({ address }) => !isLoopback(address) && !address.startsWith('fe80:') && !address.startsWith('169.254.'),
  );
  const named = own.map(({ address, device }) => (device === '' ? address : `${address} (${device})`));
  return named.length === 0 ? 'no other' : named.join(', ');
}
