import type { Facts } from '../facts.ts';
import { describeGate } from '../gate.ts';
import { familyOf } from '../network.ts';
import type { ProbeResult } from '../probe.ts';
import { openingCommands } from '../scripts/firewall.ts';
import type { HostProblem } from './problem.ts';

export type ReachabilityInput = {
  readonly results: readonly ProbeResult[];
  /**
   * Whether something listens, by the node's inventory id: being refused says nothing about a port that
   * nobody has.
   */
  readonly isListening: (node: string, port: number) => boolean;
  /** By host name, for the command that opens the port. */
  readonly facts: ReadonlyMap<string, Facts>;
};

/**
 * Pairs of hosts between which ports are shut: one problem a pair, with every port concerned. Without this,
 * forming a cluster would wait for ever.
 */
export function requireReachability(input: ReachabilityInput): readonly HostProblem[] {
  return [
    ...[...groupPairs(input).values()].flatMap((results) => describePair(results, input)),
    ...describeNarrow(input.results),
  ];
}

/**
 * Pairs of hosts between which large packets are lost: replication and the bus break there, and no port is
 * shut.
 */
function describeNarrow(results: readonly ProbeResult[]): readonly HostProblem[] {
  const narrow = results.filter(({ outcome }) => outcome === 'narrow');
  const pairs = new Map(narrow.map((result) => [`${result.from} ${result.node.host}`, result]));
  return [...pairs.values()].map(({ from, node }) => ({
    id: 'large-packets',
    kind: 'failed',
    host: node.host,
    message: `${from} reaches ${node.host} (${node.address}) with small packets alone: large ones are lost on the way`,
    hints: [
      `On ${from}, to find the size that gets through: ping -c 1 -M do -s 1472 ${node.address}, then smaller ones.`,
      'Set the MTU of the interfaces to that size + 28, or let ICMP "fragmentation needed" through between the hosts.',
    ],
  }));
}

/** No connection is possible, and the cause is not that nothing listens there. */
export const isShut = (
  { outcome, node, port }: ProbeResult,
  isListening: ReachabilityInput['isListening'],
): boolean =>
  outcome === 'filtered' ||
  outcome === 'unreachable' ||
  (outcome === 'refused' && isListening(node.id, port));

function groupPairs({
  results,
  isListening,
}: ReachabilityInput): ReadonlyMap<string, readonly ProbeResult[]> {
  const pairs = new Map<string, ProbeResult[]>();
  for (const result of results.filter((each) => isShut(each, isListening))) {
    const pair = `${result.from} ${result.node.host} ${result.outcome}`;
    pairs.set(pair, [...(pairs.get(pair) ?? []), result]);
  }
  return pairs;
}

function describePair(results: readonly ProbeResult[], { facts }: ReachabilityInput): readonly HostProblem[] {
  const [first] = results;
  if (!first) return [];
  const to = first.node.host;
  const ports = results
    .map(({ port, what }) => (what === 'bus' ? `bus port ${port}` : `port ${port}`))
    .join(', ');
  return [
    {
      id: 'port-unreachable',
      kind: 'failed',
      host: to,
      message: `${first.from} cannot reach ${to} (${first.node.address}) at ${ports}: ${whys[first.outcome]}`,
      hints: openingHints(first, { to, numbers: results.map(({ port }) => port), facts: facts.get(to) }),
    },
  ];
}

const whys: Readonly<Record<ProbeResult['outcome'], string>> = {
  open: 'it is open',
  narrow: 'large packets are lost',
  refused: 'refused, though the node listens: a firewall rejects it',
  filtered: 'no answer: a firewall drops it, or there is no way back',
  unreachable: 'no route, or a firewall forbids it',
  unknown: 'unknown',
};

/** The commands that open the ports to that one peer, for every firewall that the host has. */
function openingHints(
  { from, source }: ProbeResult,
  target: { readonly to: string; readonly numbers: readonly number[]; readonly facts: Facts | undefined },
): readonly string[] {
  const { to, numbers, facts } = target;
  const gates = (facts?.firewall.gates ?? []).filter(
    ({ drops, families }) => drops && families.some((family) => family === familyOf(source)),
  );
  if (gates.length === 0) {
    return [
      `Let TCP ${numbers.join(', ')} through from ${from} (${source}) to ${to}: in the firewall of either, or of the network between them.`,
    ];
  }
  return gates.flatMap(({ gate }) => [
    ...openingCommands(gate, { source, ports: numbers.map(String) }).map(
      (command) => `As root on ${to}: ${command}`,
    ),
    ...(gate.tool === 'nft' || gate.tool === 'iptables'
      ? [`Keep it for the next boot as well: what ${describeGate(gate)} has now is gone then.`]
      : []),
  ]);
}
