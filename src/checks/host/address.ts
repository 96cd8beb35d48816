import { sameMachine } from '../../host/requirements/one-machine.ts';
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
          why: 'Its nodes cannot bind to that address when they start, and no client reaches them there.',
          remedy: [
            byHand(`give ${host.name} the address again, or change privateAddress in the inventory`),
            ours(inventory, 'start'),
          ],
          explains: [
            {
              ids: [
                'WR-NODE-DOWN',
                'WR-NODE-UNVERIFIED',
                'WR-NODE-SILENT',
                'WR-BUS-UNREACHABLE',
                'WR-RESTARTS',
              ],
              nodes: host.nodes.map(({ id }) => id),
            },
          ],
        },
      ];
    }),
};

/** Hosts of the inventory that are one machine under several addresses. */
export const machines: Check = {
  name: 'one machine a host',
  section: 'host',
  run: ({ inventory, hosts }) => {
    if (inventory.antiAffinity === 'none') return [];
    return inventory.hosts.flatMap((host) => {
      const facts = hosts[host.name];
      const same = facts?.reachable ? sameMachine(inventory, host, facts.facts) : [];
      // Both say it of each other.
      return same
        .filter(
          ({ name }) =>
            inventory.hosts.findIndex((each) => each.name === name) > inventory.hosts.indexOf(host),
        )
        .map(
          (other) =>
            ({
              id: 'WR-HOSTS-ONE-MACHINE',
              severity: 'critical',
              title: `${host.name} and ${other.name} are one machine`,
              nodes: [],
              hosts: [host.name, other.name],
              seen: `${host.name} has ${other.privateAddress}, the address of ${other.name}`,
              expected: 'a machine of its own for each host of the inventory',
              why: 'When this machine is lost, so are both copies of the shards that the inventory spreads over the two.',
              remedy: [
                byHand(
                  `put another machine in the place of ${other.name}, and list all ports of this one under ${host.name}`,
                ),
              ],
            }) as const,
        );
    });
  },
};
