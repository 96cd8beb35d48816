import { describeGate, describeRules, type GateState, type PortRule } from '../../host/gate.ts';
import { allowedSources } from '../../host/planning/firewall-sources.ts';
import { missingRules, planFirewall } from '../../host/planning/firewall.ts';
import { gatesOf, isExposed, isLoaded, openBusPorts, wantedLimit } from '../../host/planning/port-limit.ts';
import { limitTable } from '../../host/port-limit.ts';
import type { PlanInput } from '../../host/planning/input.ts';
import type { HostProblem } from '../../host/requirements/problem.ts';
import { isShut } from '../../host/requirements/reachability.ts';
import { openingCommands } from '../../host/scripts/firewall.ts';
import { type CheckLine, lineFrom } from './lines.ts';
import type { Reach } from './reach.ts';

/** What provision will let in itself. */
export const willOpen = (input: PlanInput): boolean =>
  planFirewall(input).some(({ kind }) => kind === 'open-ports');

/**
 * The host's firewall, and the rules that it lacks. For the other hosts that is what they met when they
 * tried; for the clients, where nobody can try, it is what can be made out of the rules, and so no more than
 * a warning.
 */
export function firewallLine(input: PlanInput, reach: Reach): CheckLine {
  const gates = input.facts.firewall.gates.filter(({ drops }) => drops);
  const { manage } = input.inventory.firewall;
  if (!input.facts.firewall.complete) return lineFrom('firewall', [unread(input)], () => '');
  if (gatesOf(input.facts.firewall, input.host).length === 0) return unfilteredLine(input);
  const names = gates.map(({ gate }) => describeGate(gate)).join(', ');
  if (willOpen(input)) return ok(`${names}; provision opens it for ${describeSources(input)}`);
  const problems = [
    ...judgePeers(input, { gates, names, shut: shutSources(input, reach) }),
    ...(manage ? [] : judgeClients(input, { gates, names })),
  ];
  const line = lineFrom('firewall', problems, () => `${names} lets in the peers and clients`);
  return manage || problems.length === 0 ? line : { ...line, hints: [...line.hints, orManage] };
}

/** Nothing drops what comes in: the tool's own table can, or something outside the host. */
function unfilteredLine(input: PlanInput): CheckLine {
  const { inventory, host, facts } = input;
  const limit = wantedLimit(inventory, host, facts);
  if (limit) {
    const who = `${limit.ports.join(', ')} to ${describeSources(input)}`;
    const isThere = facts.firewall.limits[limitTable(inventory.cluster)] !== undefined;
    const lacks = isThere ? 'has other rules of the tool' : 'is empty';
    const line = ok(`nftables ${isLoaded(limit, facts) ? 'limits' : `${lacks}; provision limits`} ${who}`);
    return inventory.firewall.clients.length > 0
      ? line
      : { ...line, hints: ['To limit the node ports as well, name the applications in firewall.clients.'] };
  }
  const open = isExposed(host) ? openBusPorts(inventory, host, facts) : [];
  if (open.length === 0 || inventory.firewall.external) return ok('none that drops what comes in');
  const problem: HostProblem = {
    id: 'bus-open',
    kind: 'warning',
    host: host.name,
    message: `nothing limits who reaches the bus ports ${open.join(', ')}: the bus asks for no password, and a stranger takes over slots and is given the password`,
    hints: [
      'Write firewall: { manage: true } in the inventory, or { external: true } where a firewall outside the host keeps strangers out.',
    ],
  };
  return lineFrom('firewall', [problem], () => '');
}

const unread = ({ host }: PlanInput): HostProblem => ({
  id: 'firewall-unread',
  kind: 'warning',
  host: host.name,
  message: 'the packet filter could not be read completely',
  hints: [`As root on ${host.name}: nft list ruleset`],
});

type Judged = { readonly gates: readonly GateState[]; readonly names: string };

function judgePeers(
  input: PlanInput,
  { gates, names, shut }: Judged & { readonly shut: readonly PortRule[] },
): readonly HostProblem[] {
  if (shut.length === 0) return [];
  const rules = commandsFor(gates, shut);
  const who = nameSources(input, shut);
  const problem = { id: 'firewall', kind: 'failed', host: input.host.name } as const;
  if (rules.length > 0) {
    return [{ ...problem, message: `${names} keeps out ${who}`, hints: asRoot(input, rules) }];
  }
  return [
    {
      ...problem,
      message: `${names} has rules for ${who}, and still nothing comes through`,
      hints: [
        `Something denies it before those rules, or between the hosts: ${describeRules(shut)}.`,
        'Look at: nft list ruleset, and the firewall or security group of the network.',
      ],
    },
  ];
}

function judgeClients(input: PlanInput, { gates, names }: Judged): readonly HostProblem[] {
  const { clients } = input.inventory.firewall;
  const ports = input.host.nodes.map(({ port }) => String(port));
  const rules = commandsFor(
    gates,
    clients.map((source) => ({ source, ports })),
  );
  if (rules.length === 0) return [];
  return [
    {
      id: 'firewall-clients',
      kind: 'warning',
      host: input.host.name,
      message: `${names} has no rule that is seen to let the clients in`,
      hints: asRoot(input, rules),
    },
  ];
}

/** Every gate has to let a packet through. */
const commandsFor = (gates: readonly GateState[], wanted: readonly PortRule[]): readonly string[] => {
  const rules = gates.flatMap((state) =>
    missingRules(state, wanted).flatMap((rule) => openingCommands(state.gate, rule)),
  );
  const isTransient =
    rules.length > 0 && gates.some(({ gate }) => gate.tool === 'nft' || gate.tool === 'iptables');
  return [...rules, ...(isTransient ? ['# and the same where the rules are kept for the next boot'] : [])];
};

const asRoot = ({ host }: PlanInput, commands: readonly string[]): readonly string[] => [
  `As root on ${host.name}:`,
  ...commands.map((command) => `  ${command}`),
];

const orManage = 'Or write firewall: { manage: true } in the inventory: provision adds what is missing.';

/** What the other hosts found shut, by where they come from. */
function shutSources({ host }: PlanInput, { results, isListening }: Reach): readonly PortRule[] {
  const shut = results.filter((result) => result.node.host === host.name && isShut(result, isListening));
  return [...new Set(shut.map(({ source }) => source))].map((source) => ({
    source,
    ports: shut
      .filter((result) => result.source === source)
      .map(({ port }) => port)
      .toSorted((one, other) => one - other)
      .map(String),
  }));
}

const nameSources = ({ inventory }: PlanInput, rules: readonly PortRule[]): string =>
  rules
    .map(
      ({ source }) => inventory.hosts.find(({ privateAddress }) => privateAddress === source)?.name ?? source,
    )
    .join(', ');

const describeSources = (input: PlanInput): string => {
  const all = allowedSources(input.inventory, input.host);
  return all.length <= 4 ? nameSources(input, all) : `${all.length} addresses and networks`;
};

const ok = (detail: string): CheckLine => ({ check: 'firewall', outcome: 'ok', detail, hints: [] });
