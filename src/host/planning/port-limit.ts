import { isLoopback } from '../../inventory/address.ts';
import type { Host } from '../../inventory/inventory.ts';
import type { Facts } from '../facts.ts';
import { containsNetwork, familyOf } from '../network.ts';
import type { PlanInput } from './input.ts';
import { isInForce, limitTable, type PortLimit } from '../port-limit.ts';
import type { HostStep } from '../step.ts';
import { allowedSources, type FirewallWishes, inRange } from './firewall-sources.ts';

/** Nodes on this machine or on loopback can be reached by nobody else, or are not the tool's to guard. */
export const isExposed = (host: Pick<Host, 'connection' | 'privateAddress'>): boolean =>
  host.connection === 'ssh' && !isLoopback(host.privateAddress);

/**
 * The tool's own table that a host is to have: with `firewall.manage`, where no packet filter drops anything of the
 * nodes' family. The bus ports always; the node ports only when the inventory names clients, who would be shut out.
 */
export function wantedLimit(
  inventory: FirewallWishes,
  host: Host,
  { firewall }: Pick<Facts, 'firewall'>,
): PortLimit | undefined {
  const { cluster, firewall: wishes } = inventory;
  if (!wishes.manage || !isExposed(host) || !firewall.complete) return undefined;
  if (gatesOf(firewall, host).length > 0) return undefined;
  const ports = [...(wishes.clients.length > 0 ? nodePorts(host) : []), ...busPorts(inventory, host)];
  return ports.length === 0 ? undefined : { cluster, ports, allowed: allowedSources(inventory, host) };
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

/** The bus ports that anyone in the network reaches: nothing drops there, or a rule lets everybody in. */
export function openBusPorts(
  inventory: FirewallWishes,
  host: Host,
  { firewall }: Pick<Facts, 'firewall'>,
): readonly string[] {
  const limit = wantedLimit(inventory, host, { firewall });
  if (limit && isInForce(limit, firewall.limits[limitTable(inventory.cluster)])) return [];
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
