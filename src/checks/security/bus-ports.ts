import { describeGate } from '../../host/gate.ts';
import type { Facts } from '../../host/facts.ts';
import { gatesOf, isExposed, lacksSenderLimit, openBusPorts } from '../../host/planning/port-limit.ts';
import { limitTable } from '../../host/port-limit.ts';
import type { Host } from '../../inventory/inventory.ts';
import type { Check, Finding } from '../check.ts';
import type { CheckInput } from '../input.ts';
import { byHand, ours } from '../remedy.ts';
import { titled } from '../shared.ts';
import { joinNames } from '../text.ts';

/** Who reaches the cluster bus, which asks for no password. */
export const busPorts: Check = {
  name: 'bus ports',
  section: 'security',
  cluster: true,
  run: (input) =>
    input.inventory.hosts.filter(isExposed).flatMap((host) => {
      const facts = input.hosts[host.name];
      return facts?.reachable ? judge(input, host, facts.facts) : [];
    }),
};

function judge({ inventory }: CheckInput, host: Host, facts: Facts): readonly Finding[] {
  if (inventory.firewall.external) return judgeUsers(inventory, host, facts);
  const open = openBusPorts(inventory, host, facts);
  const common = {
    severity: 'warning',
    nodes: [],
    hosts: [host.name],
    expected: 'only the hosts of the cluster reach the bus ports',
    why: 'The bus asks for no password: a stranger who reaches it takes over slots and is given the password.',
  } as const;
  if (!facts.firewall.complete) {
    return [
      {
        ...common,
        id: 'WR-BUS-UNKNOWN',
        ...titled(host.name, 'it is not known who reaches the bus ports of {}'),
        seen: 'its packet filter could not be read completely',
        remedy: [byHand(`see whether something guards them, as root on ${host.name}: nft list ruleset`)],
      },
    ];
  }
  if (open.length === 0) return judgeUsers(inventory, host, facts);
  const gates = gatesOf(facts.firewall, host);
  return [
    {
      ...common,
      id: 'WR-BUS-OPEN',
      ...titled(host.name, 'the bus ports of {} are open to anyone'),
      seen: seenOf(facts, { open, gates, table: limitTable(inventory.cluster) }),
      remedy: remedyOf(inventory, gates.length > 0),
    },
  ];
}

type Open = {
  readonly open: readonly string[];
  readonly gates: Facts['firewall']['gates'];
  readonly table: string;
};

function seenOf({ firewall }: Facts, { open, gates, table }: Open): string {
  if (gates.length > 0)
    return `${gates.map(({ gate }) => describeGate(gate)).join(', ')} lets anyone reach ${joinNames(open)}`;
  return firewall.limits[table]
    ? `the nftables table ${table} has other rules there than provision loads`
    : `no packet filter there limits who reaches ${joinNames(open)}`;
}

/** What `firewall.manage` promises of the host's own users. */
function judgeUsers(inventory: CheckInput['inventory'], host: Host, facts: Facts): readonly Finding[] {
  if (!lacksSenderLimit(inventory, host, facts)) return [];
  return [
    {
      id: 'WR-BUS-LOCAL',
      severity: 'warning',
      ...titled(host.name, 'any user of {} reaches the bus ports of the cluster'),
      nodes: [],
      hosts: [host.name],
      seen: `the nftables table ${limitTable(inventory.cluster)} is missing or changed there`,
      expected: `only root and ${inventory.server} connect to bus ports`,
      why: 'The bus asks for no password: anyone who reaches it takes over slots and is given the password.',
      remedy: [ours(inventory, 'provision')],
    },
  ];
}

function remedyOf(inventory: CheckInput['inventory'], hasFirewall: boolean): readonly string[] {
  if (hasFirewall) return [byHand('take that rule away: firewall.manage lets in the hosts of the cluster')];
  if (inventory.firewall.manage) return [ours(inventory, 'provision')];
  return [
    byHand('write in the inventory: firewall: { manage: true }'),
    byHand(
      'or, where a security group or a network of its own keeps strangers out: firewall: { external: true }',
    ),
    ours(inventory, 'provision'),
  ];
}
