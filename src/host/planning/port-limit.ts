import { isLoopback } from '../../inventory/address.ts';
import type { Host } from '../../inventory/inventory.ts';
import type { Facts } from '../facts.ts';
import { containsNetwork, familyOf } from '../network.ts';
import type { PlanInput } from './input.ts';
import { isInForce, limitTable, type PortLimit } from '../port-limit.ts';
import type { HostStep } from '../step.ts';
import { addressesOf, allowedSources, type FirewallWishes, inRange } from './firewall-sources.ts';

/** Nodes on this machine or on loopback can be reached by nobody else, or are not the tool's to guard. */
export const isExposed = (host: Pick<Host, 'connection' | 'privateAddress'>): boolean =>
  host.connection === 'ssh' && !isLoopback(host.privateAddress);

type LimitFacts = Pick<Facts, 'firewall' | 'server' | 'os'>;

/**
 * The tool's own table that a host is to have with `firewall.manage`. Where no packet filter drops anything
 * of the nodes' family it guards the bus ports, and the node ports when the inventory names clients: without,
 * nobody knows who they are. Everywhere it keeps the host's other users from the bus ports; where nft is not
 * there and cannot be installed, a host with a packet filter has none.
 */
export function wantedLimit(inventory: FirewallWishes, host: Host, facts: LimitFacts): PortLimit | undefined {
  const { cluster, firewall: wishes } = inventory;
  if (!wishes.manage || !isExposed(host) || !facts.firewall.complete) return undefined;
  const isGuarded = gatesOf(facts.firewall, host).length > 0;
  if (isGuarded && !canHaveNft(inventory, facts)) return undefined;
  const ports = isGuarded
    ? []
    : [...(wishes.clients.length > 0 ? nodePorts(host) : []), ...busPorts(inventory, host)];
  const senders = wantedSenders(inventory, host, facts);
  if (ports.length === 0 && !senders) return undefined;
  return { cluster, ports, allowed: allowedSources(inventory, host), senders };
}

const canHaveNft = ({ install }: FirewallWishes, { firewall, os }: LimitFacts): boolean =>
  firewall.nft || (install === 'package' && os.packageManager !== undefined);

/** root, who may do anything, runs the tool's port checks; the servers talk to each other. */
function wantedSenders(inventory: FirewallWishes, host: Host, { server }: LimitFacts): PortLimit['senders'] {
  const own = busPorts(inventory, host);
  if (own.length === 0) return undefined;
  return {
    users: [
      { name: 'root', uid: 0 },
      { name: inventory.server, uid: server.account?.uid },
    ],
    own,
    targets: inventory.hosts.flatMap((each) =>
      addressesOf(each).map((address) => ({ address, ports: busPorts(inventory, each) })),
    ),
  };
}

/** Loads the table where it is missing or another, and takes it away where it is not wanted any more. */
export function planLimit(wanted: PortLimit | undefined, cluster: string, facts: Facts): readonly HostStep[] {
  const table = limitTable(cluster);
  const state = facts.firewall.limits[table];
  if (wanted) {
    return isInForce(wanted, state) || !facts.firewall.nft ? [] : [{ kind: 'limit-ports', limit: wanted }];
  }
  return state ? [{ kind: 'unlimit-ports', cluster }] : [];
}

/** The host is to have the table, and not the program that loads it. */
export const lacksNft = ({ inventory, host, facts }: Omit<PlanInput, 'desired'>): boolean =>
  !facts.firewall.nft && wantedLimit(inventory, host, facts) !== undefined;

/** As `lacksNft`, on a host whose own packet filter guards the ports against other hosts. */
export const lacksNftForSenders = ({ inventory, host, facts }: Omit<PlanInput, 'desired'>): boolean =>
  !canHaveNft(inventory, facts) &&
  gatesOf(facts.firewall, host).length > 0 &&
  busPorts(inventory, host).length > 0;

/** The bus ports that anyone in the network reaches: nothing drops there, or a rule lets everybody in. */
export function openBusPorts(inventory: FirewallWishes, host: Host, facts: LimitFacts): readonly string[] {
  const { firewall } = facts;
  const limit = wantedLimit(inventory, host, facts);
  if (limit && limit.ports.length > 0 && isLoaded(limit, facts)) return [];
  const gates = gatesOf(firewall, host);
  const anyone = familyOf(host.privateAddress) === 6 ? '::/0' : '0.0.0.0/0';
  return busPorts(inventory, host).filter((port) =>
    gates.every(({ rules }) =>
      rules.some(
        ({ source, ports }) =>
          containsNetwork(source, anyone) &&
          (ports.length === 0 || ports.some((range) => inRange(range, port))),
      ),
    ),
  );
}

/** Any user of the host reaches the bus ports, although the table that keeps them out should be there. */
export function lacksSenderLimit(inventory: FirewallWishes, host: Host, facts: LimitFacts): boolean {
  const limit = wantedLimit(inventory, host, facts);
  return limit?.senders !== undefined && !isLoaded(limit, facts);
}

/** The table is in force. */
export const isLoaded = (limit: PortLimit, { firewall }: Pick<Facts, 'firewall'>): boolean =>
  isInForce(limit, firewall.limits[limitTable(limit.cluster)]);

export const gatesOf = (
  { gates }: Facts['firewall'],
  { privateAddress }: Pick<Host, 'privateAddress'>,
): Facts['firewall']['gates'] =>
  gates.filter(
    ({ drops, families }) => drops && families.some((family) => family === familyOf(privateAddress)),
  );

const nodePorts = ({ nodes }: Host): readonly string[] => nodes.map(({ port }) => String(port));
const busPorts = ({ mode }: FirewallWishes, { nodes }: Host): readonly string[] =>
  mode === 'cluster' ? nodes.map(({ busPort }) => String(busPort)) : [];
