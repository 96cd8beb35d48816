import { isExposed, lacksNft } from '../planning/port-limit.ts';
import type { Requirement } from './problem.ts';

/** `firewall.manage` can do what it promises: the packet filter can be read, and nft is there or can be installed. */
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
  if (!lacksNft(input) || desired.packages) return [];
  return [
    {
      id: 'nft-missing',
      kind: 'failed',
      host: host.name,
      message: `${host.name} has no nft, which firewall.manage needs to limit who reaches the ports`,
      hints: [
        `As root on ${host.name}: install the package nftables.`,
        'Or set `install: package` in the inventory, and provision installs it.',
      ],
    },
  ];
};
