import { createHash } from 'node:crypto';
import type { PortRule } from './gate.ts';
import { containsNetwork, familyOf } from './network.ts';

/**
 * A table of the tool's own in nftables. Where no packet filter drops anything, it drops connections to some
 * ports of a cluster, except from named sources. On every host it drops what users of that host, other than a
 * few, send to the bus ports of the cluster: a peer lets in the host's address, whichever user sends from it.
 * It touches no other port and no other table.
 */
export type PortLimit = {
  readonly cluster: string;
  /** The ports that it guards against other hosts; none where a packet filter of the host does that. */
  readonly ports: readonly string[];
  /** Who reaches which of them. */
  readonly allowed: readonly PortRule[];
  /** What it lets the host itself send; undefined: anything (a server without cluster bus). */
  readonly senders: SenderLimit | undefined;
};

export type SenderLimit = {
  /** The only users whose processes reach bus ports. `uid` is undefined while the user is not there yet. */
  readonly users: readonly { readonly name: string; readonly uid: number | undefined }[];
  /** The host's own bus ports, which loopback reaches. */
  readonly own: readonly string[];
  /** Addresses of the cluster's hosts and the bus ports there. */
  readonly targets: readonly { readonly address: string; readonly ports: readonly string[] }[];
};

/** A table of that kind as it is on a host. */
export type LimitState = {
  /** The cluster's and the rules' mark in all rules that drop; undefined: one is missing, or not led to. */
  readonly mark: string | undefined;
  /** How many rules it has. */
  readonly rules: number;
};

export const limitPrefix = 'weedgo-redis-';
export const limitTable = (cluster: string): string => `${limitPrefix}${cluster}`;

/** The chains that see packets first, by their hooks, and the chain that judges those for a guarded port. */
export const judges = { input: 'ports', output: 'senders', forward: 'passing' } as const;

/**
 * True when the table is there as it was loaded: a rule that somebody added or took away shows in their
 * number.
 */
export function isInForce(limit: PortLimit, state: LimitState | undefined): boolean {
  const { mark, rules } = stateOf(limit);
  return state !== undefined && state.mark === mark && state.rules === rules;
}

/** The table as it is on a host once it was loaded. */
export const stateOf = (limit: PortLimit): LimitState => ({
  mark: markOf(limit),
  rules: chainsOf(limit).reduce((sum, { seen, judged }) => sum + seen.length + judged.length, 0),
});

/**
 * What `nft -f` loads in one transaction: there is no moment without the rules. No connection tracking: a
 * busy node would fill its table.
 */
export function limitRuleset(limit: PortLimit): string {
  const table = `table inet ${limitTable(limit.cluster)}`;
  const mark = markOf(limit);
  const chains = chainsOf(limit).flatMap(({ hook, seen, judged }) => [
    chain(hook, [
      `type filter hook ${hook} priority -5; policy accept;`,
      ...seen.map((packets) => `${packets} jump ${judges[hook]}`),
    ]),
    chain(
      judges[hook],
      judged.map((rule) => (rule.endsWith('drop') ? `${rule} comment "${mark}"` : rule)),
    ),
  ]);
  return `${table}\ndelete ${table}\n${table} {\n${chains.join('\n')}\n}`;
}

const chain = (name: string, lines: readonly string[]): string =>
  `\tchain ${name} {\n${lines.map((line) => `\t\t${line}`).join('\n')}\n\t}`;

/** nft spells rules in its own way, by version: they are known by a sum of what was loaded. */
const markOf = (limit: PortLimit): string =>
  `weedgo-redis ${limit.cluster} ${createHash('sha256')
    .update(JSON.stringify(chainsOf(limit)))
    .digest('hex')
    .slice(0, 16)}`;

/** `seen`: which packets are judged; `judged`: the rules for those. */
type LimitChain = {
  readonly hook: keyof typeof judges;
  readonly seen: readonly string[];
  readonly judged: readonly string[];
};

function chainsOf({ ports, allowed, senders }: PortLimit): readonly LimitChain[] {
  const reached = allowed.map(({ source, ports: each }) => ({
    address: source,
    ports: each.filter((port) => ports.includes(port)),
  }));
  const input: LimitChain = {
    hook: 'input',
    // The host's own traffic comes in by `lo`, forwarded SSH connections among it: `output` has seen it.
    seen: [`iifname != "lo" tcp dport { ${ports.join(', ')} }`],
    judged: [...matches('saddr', reached).map((source) => `${source} accept`), 'counter drop'],
  };
  return [...(ports.length > 0 ? [input] : []), ...(senders ? chainsFor(senders) : [])];
}

function chainsFor({ users, own, targets }: SenderLimit): readonly LimitChain[] {
  const busPorts = matches('daddr', targets);
  const allowed = users.map(({ name, uid }) => uid ?? name).join(', ');
  const addresses = targets.map(({ address }) => address);
  return [
    {
      hook: 'output',
      seen: [`oifname "lo" tcp dport { ${own.join(', ')} }`, ...busPorts],
      // Packets without a socket match neither way, such as the last ones of a connection that its process
      // has closed.
      judged: [`meta skuid != { ${allowed} } counter drop`],
    },
    // Containers and virtual machines take the host's address only after this hook.
    {
      hook: 'forward',
      seen: busPorts,
      judged: [...byFamily(addresses).map((each) => `${sideOf('saddr', each)} accept`), 'counter drop'],
    },
  ];
}

type Side = 'saddr' | 'daddr';

/** One match for all addresses of a family that have the same ports. */
function matches(
  side: Side,
  all: readonly { readonly address: string; readonly ports: readonly string[] }[],
): readonly string[] {
  const portSets = [
    ...new Set(all.filter(({ ports }) => ports.length > 0).map(({ ports }) => ports.join(', '))),
  ];
  return portSets.flatMap((ports) => {
    const addresses = all.filter((each) => each.ports.join(', ') === ports).map(({ address }) => address);
    return byFamily(addresses).map((each) => `${sideOf(side, each)} tcp dport { ${ports} }`);
  });
}

const byFamily = (addresses: readonly string[]): readonly (readonly string[])[] =>
  [4, 6]
    .map((family) => addresses.filter((address) => familyOf(address) === family))
    .filter((each) => each.length > 0);

/** Addresses of one family. */
const sideOf = (side: Side, addresses: readonly string[]): string =>
  `${familyOf(addresses[0] ?? '') === 6 ? 'ip6' : 'ip'} ${side} { ${widest(addresses).join(', ')} }`;

/** nft refuses a set in which one network lies in another. */
function widest(sources: readonly string[]): readonly string[] {
  const unique = [...new Set(sources)];
  return unique.filter(
    (source) => !unique.some((other) => other !== source && containsNetwork(other, source)),
  );
}
