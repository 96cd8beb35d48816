import { describeAddresses, lacksAddress } from '../../host/requirements/address.ts';
import type { Check } from '../check.ts';
import { byHand, ours } from '../remedy.ts';

/** Hosts have the address that their nodes bind to and announce. */
export const address: Check = {
  name: 'addresses',
  section: 'host',
  run: ({ inventory, hosts }) =>
    inventory.hosts.flatMap((host) => {
      const facts = hosts[host.name];
      if (!facts?.reachable || !lacksAddress(host, facts.facts)) return [];
      const own = describeAddresses(facts.facts);
      return [
        {
          id: 'WR-ADDRESS-MISSING',
          severity: 'critical',
          title: `${host.name} does not have the address ${host.privateAddress}`,
          nodes: [],
          hosts: [host.name],
          seen: `it has ${own}`,
          expected: `${host.privateAddress}, where its nodes listen`,
          why: 'Its nodes cannot bind to that address when they start, and nobody reaches them there.',
          remedy: [
            byHand(`give ${host.name} the address again, or change privateAddress in the inventory`),
            ours(inventory, 'start'),
          ],
          explains: [
            {
              ids: ['WR-NODE-DOWN', 'WR-NODE-UNVERIFIED', 'WR-NODE-SILENT', 'WR-BUS-UNREACHABLE'],
              nodes: host.nodes.map(({ id }) => id),
            },
          ],
        },
      ];
    }),
};
