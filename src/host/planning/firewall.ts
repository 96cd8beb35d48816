import type { Host, Inventory } from '../../inventory/inventory.ts';
import type { RenderedFile } from '../../render/render.ts';
import { bootFiles, bootPaths } from '../firewall-boot.ts';
import type { Facts } from '../facts.ts';
import { type GateState, markOf, type PortRule, sameRule, type SeenRule } from '../gate.ts';
import { familyOf } from '../network.ts';
import { portsPerRule } from '../scripts/firewall.ts';
import type { HostStep } from '../step.ts';
import { allowedSources, covers } from './firewall-sources.ts';
import type { PlanInput } from './input.ts';
import { planLimit, wantedLimit } from './port-limit.ts';

/** The rules that a gate is to have, in its own sizes; none where nothing is dropped. */
function rulesFor({ gate, drops, families }: GateState, all: readonly PortRule[]): readonly PortRule[] {
  const size = portsPerRule(gate);
  return all
    .filter(({ source }) => drops && families.some((family) => family === familyOf(source)))
    .flatMap(({ source, ports }) =>
      Array.from({ length: Math.ceil(ports.length / size) }, (_, index) => ({
        source,
        ports: ports.slice(index * size, (index + 1) * size),
      })),
    );
}

/** What of `all` no rule that can be made out in a gate lets through. */
export const missingRules = (state: GateState, all: readonly PortRule[]): readonly PortRule[] =>
  rulesFor(state, all).flatMap(({ source, ports }) => {
    const shut = ports.filter((port) => !state.rules.some((rule) => covers(rule, { source, ports: [port] })));
    return shut.length > 0 ? [{ source, ports: shut }] : [];
  });

/**
 * Files that bring back at boot what plain nftables and iptables forget; none where they have nothing of the
 * tool's.
 */
export function firewallFiles(inventory: Inventory, host: Host, facts: Facts): readonly RenderedFile[] {
  if (!inventory.firewall.manage || host.connection === 'local' || !facts.firewall.complete) return [];
  const all = allowedSources(inventory, host);
  const gates = facts.firewall.gates.flatMap((state) => {
    const rules = rulesFor(state, all);
    return rules.length > 0 ? [{ gate: state.gate, mark: markOf(state.gate, inventory.cluster), rules }] : [];
  });
  return bootFiles({
    cluster: inventory.cluster,
    gates,
    limit: wantedLimit(inventory, host, facts),
    ports: host.nodes.map(({ port }) => port),
  });
}

/**
 * Adds what is missing, then takes away what the tool added and no longer wants. Without `manage`: nothing,
 * except that the tool's own table goes, which would shut out hosts that the inventory gets later.
 */
export function planFirewall({ inventory, host, facts, desired }: PlanInput): readonly HostStep[] {
  // What could not be read is left as it is.
  if (desired.layout.manager === 'daemon' || !facts.firewall.complete) return [];
  const limit = planLimit(wantedLimit(inventory, host, facts), inventory.cluster, facts);
  if (!inventory.firewall.manage) {
    return limit.length === 0 ? [] : [...limit, ...planBoot({ inventory, facts, wanted: [] })];
  }
  const all = allowedSources(inventory, host);
  const changes = facts.firewall.gates.flatMap((state) => changesOf(state, inventory.cluster, all));
  return [...changes, ...limit, ...planBoot({ inventory, facts, wanted: desired.files })];
}

/** Takes away everything that the tool has added for this cluster. */
export const planFirewallRemoval = (
  inventory: Pick<Inventory, 'cluster'>,
  facts: Facts,
): readonly HostStep[] => [
  ...facts.firewall.gates.flatMap((state) => changesOf(state, inventory.cluster, [])),
  ...planLimit(undefined, inventory.cluster, facts),
  ...planBoot({ inventory, facts, wanted: [] }),
];

function changesOf(state: GateState, cluster: string, all: readonly PortRule[]): readonly HostStep[] {
  const { gate } = state;
  const mark = markOf(gate, cluster);
  const ours = state.rules.filter((rule) => rule.mark === mark);
  const missing = rulesFor(state, all).filter((rule) => !isThere(state, rule, ours));
  // A gate that lets everything in now may drop again: what is right for then stays.
  const stale = ours.filter(
    (rule) => !rulesFor({ ...state, drops: true }, all).some((each) => sameRule(each, rule)),
  );
  return [
    ...(missing.length > 0 ? [{ kind: 'open-ports', gate, mark, rules: missing } as const] : []),
    ...(stale.length > 0 ? [{ kind: 'close-ports', gate, mark, rules: stale } as const] : []),
  ];
}

/** ufw knows no two rules that differ in their comments alone: ours would take over somebody's own. */
const isThere = ({ gate, rules }: GateState, rule: PortRule, ours: readonly SeenRule[]): boolean =>
  ours.some((each) => !each.partial && sameRule(each, rule)) ||
  (gate.tool === 'ufw' && rules.some((each) => sameRule(each, rule)));

type Boot = {
  readonly inventory: Pick<Inventory, 'cluster'>;
  readonly facts: Facts;
  readonly wanted: readonly RenderedFile[];
};

/** The files themselves are written with all the others. */
function planBoot({ inventory, facts, wanted }: Boot): readonly HostStep[] {
  const { unit, files } = bootPaths(inventory.cluster);
  const written = files.flatMap((path) => wanted.find((file) => file.path === path) ?? []);
  if (written.length > 0) {
    const isRight =
      facts.units[unit]?.enabled === 'enabled' &&
      !facts.units[unit].needsReload &&
      written.every(({ path, content }) => facts.files[path]?.content === content);
    return isRight ? [] : [{ kind: 'enable-unit', unit }];
  }
  const left = files.filter((path) => facts.files[path] !== undefined);
  return [
    ...(facts.units[unit]?.enabled === 'enabled' ? [{ kind: 'disable-unit', unit } as const] : []),
    ...left.map(
      (path) => ({ kind: 'remove-path', path, recursive: false, why: 'no rule is left to keep' }) as const,
    ),
  ];
}
