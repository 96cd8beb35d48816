import { createHash } from 'node:crypto';
import type { PortRule } from './gate.ts';
import { containsNetwork, familyOf } from './network.ts';

/**
 * A table of the tool's own in nftables, for hosts where no packet filter drops anything: it drops connections to
 * some ports of a cluster, except from named sources. It touches no other port and no other table.
 */
export type PortLimit = {
  readonly cluster: string;
  /** The ports that it guards. */
  readonly ports: readonly string[];
  /** Who reaches which of them. */
  readonly allowed: readonly PortRule[];
};

/** A table of that kind as it is on a host. */
export type LimitState = {
  /** The cluster's and the rules' mark in the rule that drops; undefined: there is no such rule. */
  readonly mark: string | undefined;
  /** How many rules it has. */
  readonly rules: number;
};

export const limitPrefix = 'weedgo-redis-';
export const limitTable = (cluster: string): string => `${limitPrefix}${cluster}`;

/** True when the table is there as it was loaded: a rule that somebody added or took away shows in their number. */
export const isInForce = (limit: PortLimit, state: LimitState | undefined): boolean =>
  state?.mark === markOf(limit) && state.rules === rulesOf(limit).length + 2;

/**
 * What `nft -f` loads in one transaction: there is no moment without the rules. Traffic of the host itself comes in by
 * `lo`, forwarded SSH connections among it. No connection tracking: a busy node would fill its table.
 */
export function limitRuleset(limit: PortLimit): string {
  const table = `table inet ${limitTable(limit.cluster)}`;
  return `${table}
delete ${table}
${table} {
	chain input {
		type filter hook input priority -5; policy accept;
		iifname != "lo" tcp dport { ${limit.ports.join(', ')} } jump ports
	}
	chain ports {
${rulesOf(limit)
  .map((rule) => `\t\t${rule}`)
  .join('\n')}
		counter drop comment "${markOf(limit)}"
	}
}`;
}

/** nft spells rules in its own way, by version: they are known by a sum of what was loaded. */
const markOf = (limit: PortLimit): string =>
  `weedgo-redis ${limit.cluster} ${createHash('sha256')
    .update(JSON.stringify([limit.ports, rulesOf(limit)]))
    .digest('hex')
    .slice(0, 16)}`;

/** One rule for all sources of a family that reach the same ports. */
function rulesOf({ ports, allowed }: PortLimit): readonly string[] {
  const sources = new Map<string, string[]>();
  for (const rule of allowed) {
    const reached = rule.ports.filter((port) => ports.includes(port));
    if (reached.length === 0) continue;
    const family = familyOf(rule.source) === 6 ? 'ip6' : 'ip';
    const key = `${family} ${reached.join(', ')}`;
    sources.set(key, [...(sources.get(key) ?? []), rule.source]);
  }
  return [...sources].map(([key, each]) => {
    const [family = '', ...reached] = key.split(' ');
    return `${family} saddr { ${widest(each).join(', ')} } tcp dport { ${reached.join(' ')} } accept`;
  });
}

/** nft refuses a set in which one network lies in another. */
function widest(sources: readonly string[]): readonly string[] {
  const unique = [...new Set(sources)];
  return unique.filter(
    (source) => !unique.some((other) => other !== source && containsNetwork(other, source)),
  );
}
