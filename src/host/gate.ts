import { createHash } from 'node:crypto';

/** One place in a host's firewall that decides what comes in, and where rules can be added. */
export type Gate =
  | { readonly tool: 'ufw' }
  | { readonly tool: 'firewalld'; readonly zone: string }
  /** A base chain on the input hook. */
  | { readonly tool: 'nft'; readonly family: string; readonly table: string; readonly chain: string }
  /** Chain INPUT; the program as the host has it: `iptables-nft`, `ip6tables-legacy`, … */
  | { readonly tool: 'iptables'; readonly program: string };

/** TCP that is let in. */
export type PortRule = {
  /** IP address or network, in its shortest spelling. */
  readonly source: string;
  /** `7000` or `7000-7005`; none: every port. */
  readonly ports: readonly string[];
};

/** A rule as it is on a host. */
export type SeenRule = PortRule & {
  /** What sets the rule apart: its comment, or its priority in firewalld; undefined: nothing. */
  readonly mark: string | undefined;
  /** It will be gone after a reload, or comes with one. */
  readonly partial: boolean;
};

export type GateState = {
  readonly gate: Gate;
  /** What no rule accepts is dropped or rejected here. */
  readonly drops: boolean;
  /** Which traffic passes here at all. */
  readonly families: readonly IpFamily[];
  /** Those rules that can be made out: they accept TCP, by source and port alone. */
  readonly rules: readonly SeenRule[];
};

export type IpFamily = 4 | 6;

/**
 * By what the rules of a cluster are known. firewalld's have no comments: there it is a priority of the
 * cluster's own.
 */
export const markOf = ({ tool }: Gate, cluster: string): string =>
  tool === 'firewalld' ? String(priorityOf(cluster)) : `weedgo-redis ${cluster}`;

/**
 * 20000 to 29999. Being positive, such rules come after all others, so that whatever somebody denies stays
 * denied (firewalld.richlanguage(5)).
 */
const priorityOf = (cluster: string): number =>
  20_000 + (createHash('sha256').update(cluster).digest().readUInt32BE() % 10_000);

/** How people call it: `ufw`, `firewalld (zone public)`, `nftables (inet filter input)`. */
export function describeGate(gate: Gate): string {
  switch (gate.tool) {
    case 'ufw':
      return 'ufw';
    case 'firewalld':
      return `firewalld (zone ${gate.zone})`;
    case 'nft':
      return `nftables (${gate.family} ${gate.table} ${gate.chain})`;
    case 'iptables':
      return `${gate.program} (INPUT)`;
  }
}

/** `10.0.0.5 to 7000, 7003; 10.0.0.6 to 7000`, ports in order: firewalld tells its rules in none. */
export function describeRules(rules: readonly PortRule[]): string {
  const sources = [...new Set(rules.map(({ source }) => source))];
  return sources
    .map((source) => {
      const own = rules.filter((rule) => rule.source === source);
      const ports = own.some((rule) => rule.ports.length === 0)
        ? ['any port']
        : own
            .flatMap((rule) => rule.ports)
            .toSorted((one, other) => Number.parseInt(one) - Number.parseInt(other));
      return `${source} to ${ports.join(', ')}`;
    })
    .join('; ');
}

export const sameRule = (one: PortRule, other: PortRule): boolean =>
  one.source === other.source && one.ports.join() === other.ports.join();
