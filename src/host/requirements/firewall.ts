import { gatesOf, isExposed, lacksNft, lacksNftForSenders } from '../planning/port-limit.ts';
import type { Requirement } from './requirement.ts';

/**
 * `firewall.manage` can do what it promises: the packet filter can be read, and nft is there or can be
 * installed.
 */
export const requireFirewall: Requirement = (input) => {
  const { inventory, host, facts, desired } = input;
  if (!inventory.firewall.manage || !isExposed(host)) return [];
  if (!facts.firewall.complete) {
    return [
      {
        id: 'firewall-unread',
        kind: 'warning',
        host: host.name,
        message: `${host.name}: its packet filter could not be read completely, so nothing limits the ports there that is not there already`,
        hints: [`As root on ${host.name}: nft list ruleset`],
      },
    ];
  }
  const isGuarded = gatesOf(facts.firewall, host).length > 0;
  if (isGuarded ? !lacksNftForSenders(input) : !lacksNft(input) || desired.packages) return [];
  const what = isGuarded
    ? 'keep the other users of the host from the bus ports, which ask for no password'
    : 'limit who reaches the ports';
  return [
    {
      id: 'nft-missing',
      kind: isGuarded ? 'warning' : 'failed',
      host: host.name,
      message: `${host.name} has no nft, which firewall.manage needs to ${what}`,
      hints: [
        `As root on ${host.name}: install the package nftables.`,
        'Or set `install: package` in the inventory, and provision installs it.',
      ],
    },
  ];
};
