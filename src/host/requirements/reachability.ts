import type { Facts } from '../facts.ts';
import type { ProbeResult } from '../probe.ts';
import type { HostProblem } from './problem.ts';

export type ReachabilityInput = {
  readonly results: readonly ProbeResult[];
  /** Whether the node listens, by inventory id: being refused says nothing about one that does not. */
  readonly isListening: (node: string) => boolean;
  /** By host name, for the command that opens the port. */
  readonly facts: ReadonlyMap<string, Facts>;
};

/**
 * Pairs of hosts between which ports are shut: one problem a pair, with every port concerned. Without this, forming
 * a cluster would wait for ever.
 */
export function requireReachability(input: ReachabilityInput): readonly HostProblem[] {
  return [...groupPairs(input).values()].flatMap((results) => describePair(results, input));
}

function groupPairs({
  results,
  isListening,
}: ReachabilityInput): ReadonlyMap<string, readonly ProbeResult[]> {
  const pairs = new Map<string, ProbeResult[]>();
  for (const result of results) {
    if (!isShut(result, isListening(result.node.id))) continue;
    const pair = `${result.from} ${result.node.host} ${result.outcome}`;
    pairs.set(pair, [...(pairs.get(pair) ?? []), result]);
  }
  return pairs;
}

const isShut = ({ outcome }: ProbeResult, listening: boolean): boolean =>
  outcome === 'filtered' || outcome === 'unreachable' || (outcome === 'refused' && listening);

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
  refused: 'refused, though the node listens: a firewall rejects it',
  filtered: 'no answer: a firewall drops it, or there is no way back',
  unreachable: 'no route, or a firewall forbids it',
  unknown: 'unknown',
};

/** The commands that open the ports to that one peer, for the firewall that the host has. */
function openingHints(
  { from, source }: ProbeResult,
  target: { readonly to: string; readonly numbers: readonly number[]; readonly facts: Facts | undefined },
): readonly string[] {
  const { to, numbers, facts } = target;
  if (facts?.firewall.ufw) {
    return numbers.map((port) => `As root on ${to}: ufw allow proto tcp from ${source} to any port ${port}`);
  }
  if (facts?.firewall.firewalld) {
    const family = source.includes(':') ? 'ipv6' : 'ipv4';
    return [
      ...numbers.map(
        (port) =>
          `As root on ${to}: firewall-cmd --permanent --add-rich-rule='rule family="${family}" ` +
          `source address="${source}" port port="${port}" protocol="tcp" accept'`,
      ),
      `Then: firewall-cmd --reload`,
    ];
  }
  return [
    `Let TCP ${numbers.join(', ')} through from ${from} (${source}) to ${to}: in the firewall of either, or of the network between them.`,
    ...(facts?.firewall.inputDrops
      ? [`${to} has a packet filter that drops by default: see \`nft list ruleset\` there.`]
      : []),
  ];
}
