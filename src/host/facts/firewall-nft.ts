import type { Gate, GateState, IpFamily, SeenRule } from '../gate.ts';
import { canonicalNetwork } from '../network.ts';
import { limitPrefix } from '../port-limit.ts';

type NftGate = Extract<Gate, { readonly tool: 'nft' }>;

/** A chain and its rules, one a line. */
export type NftChain = { readonly gate: NftGate; readonly body: readonly string[] };

const mostLines = 20_000;

/**
 * Leaves the rules in `$ruleset`. The elements of named sets, which can be many, are left out. So are the
 * lines after the first `mostLines`, except for the tool's own tables. `program` says that nft is there,
 * `incomplete` that it did not answer, or not with everything.
 */
export const nftScript = `ruleset=
if command -v nft >/dev/null; then
  echo 'nft-program'
  if nft list tables >/dev/null 2>&1; then
    ruleset=$(nft -t list ruleset 2>/dev/null | head -n ${mostLines})
    printf '%s\\n' "$ruleset" | from nft
    if [ "$(printf '%s\\n' "$ruleset" | wc -l)" -ge ${mostLines} ]; then
      echo 'nft-incomplete'
      for table in $(nft list tables inet | sed -n 's/^table inet \\(${limitPrefix}.*\\)/\\1/p'); do
        nft list table inet "$table" | from nft
      done
    fi
  else
    echo 'nft-incomplete'
  fi
fi`;

/** Base chains on the input hook, out of `nft list ruleset`. `isForeign`: chains that another tool keeps. */
export function parseNft(
  chains: readonly NftChain[],
  { isForeign }: { readonly isForeign: (gate: NftGate) => boolean },
): readonly GateState[] {
  return chains.flatMap(({ gate, body }) => {
    const [head = '', ...rules] = body;
    const families = familiesOf[gate.family];
    if (!/\bhook input\b/.test(head) || families === undefined || isForeign(gate)) return [];
    return [
      {
        gate,
        drops: /policy drop/.test(head) || isFinal(rules.at(-1) ?? ''),
        families,
        rules: rules.flatMap((rule) => parseRule(rule, families)),
      },
    ];
  });
}

const familiesOf: Readonly<Record<string, readonly IpFamily[]>> = { ip: [4], ip6: [6], inet: [4, 6] };

/** The chains of `nft list ruleset`. */
export function nftChains(lines: readonly string[]): readonly NftChain[] {
  let [family, table]: readonly (string | undefined)[] = [];
  const chains: { readonly gate: NftGate; readonly body: string[] }[] = [];
  for (const line of joinSets(lines)) {
    const [, newFamily, newTable] = /^table (\S+) (\S+) \{/.exec(line) ?? [];
    if (newTable !== undefined) [family, table] = [newFamily, newTable];
    const chain = /^chain (\S+) \{/.exec(line)?.[1];
    if (chain !== undefined && family !== undefined && table !== undefined) {
      chains.push({ gate: { tool: 'nft', family, table, chain }, body: [] });
    } else if (newTable === undefined && line !== '' && line !== '}') chains.at(-1)?.body.push(line);
  }
  return chains;
}

/** nft breaks long sets into lines: a rule ends where its braces are closed. */
function joinSets(lines: readonly string[]): readonly string[] {
  const joined: string[] = [];
  let isOpen = false;
  for (const line of lines.map((each) => each.trim())) {
    if (isOpen) joined.push(`${joined.pop() ?? ''} ${line}`);
    else joined.push(line);
    const last = joined.at(-1) ?? '';
    isOpen = /\{[^}]*,$/.test(last);
  }
  return joined;
}

/** A verdict for whatever comes here: counted, logged or not. */
const isFinal = (rule: string): boolean =>
  /^(counter( packets \d+ bytes \d+)? )?(log( prefix "[^"]*")?( level \S+)?( flags .*)? )?(drop|reject\b.*)$/.test(
    rule.replace(/ comment "[^"]*"$/, ''),
  );

/** `ip saddr 10.0.0.5 tcp dport { 7000, 7003 } accept comment "…"`, its two conditions in either order. */
function parseRule(rule: string, families: readonly IpFamily[]): readonly SeenRule[] {
  const [, conditions = '', mark] =
    /^(.*?)(?:ct state new )?(?:counter packets \d+ bytes \d+ )?accept(?: comment "([^"]*)")?$/.exec(rule) ??
    [];
  const sources = /\bip6? saddr (\{[^}]*\}|[\da-f.:/]+) /.exec(conditions);
  const ports = /\btcp dport (\{[^}]*\}|[\d-]+) /.exec(conditions);
  const rest = [sources?.[0], ports?.[0]].reduce<string>(
    (left, part) => left.replace(part ?? '', ''),
    conditions,
  );
  if (rest !== '' || (!sources && !ports)) return [];
  const anywhere = families.map((family) => (family === 4 ? '0.0.0.0/0' : '::/0'));
  return (sources ? elementsOf(sources[1]) : anywhere).map((source) => ({
    source: canonicalNetwork(source),
    ports: elementsOf(ports?.[1]),
    mark,
    partial: false,
  }));
}

/** `{ 1, 2 }` or a single value. */
const elementsOf = (text = ''): readonly string[] =>
  text
    .replaceAll(/[{}\s]/g, '')
    .split(',')
    .filter(Boolean);
