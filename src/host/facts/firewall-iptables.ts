import type { GateState, SeenRule } from '../gate.ts';
import { canonicalNetwork } from '../network.ts';

/** iptables is asked only where its tables are in use: asking would load them. Runs after `nftScript`. */
export const iptablesScript = `for family in ip ip6; do
  tables=\${family}tables
  if printf '%s' "$ruleset" | grep -q "^table $family filter {"; then
    program=$(command -v $tables-nft || command -v $tables) && $program -S INPUT 2>/dev/null | from "\${program##*/}"
  fi
  if grep -qs '^filter$' /proc/net/\${family}_tables_names; then
    program=$(command -v $tables-legacy || command -v $tables) && $program -S INPUT 2>/dev/null | from "\${program##*/}"
  fi
done`;

/** `iptables -S INPUT`. A chain that ufw or firewalld has made is theirs. */
export function parseIptables(program: string, lines: readonly string[]): readonly GateState[] {
  if (lines.some((line) => /-j (ufw6?-|INPUT_ZONES|INPUT_direct)/.test(line))) return [];
  const anywhere = program.startsWith('ip6') ? '::/0' : '0.0.0.0/0';
  return [
    {
      gate: { tool: 'iptables', program },
      drops: lines.some((line) => /^-P INPUT DROP|^-A INPUT -j (DROP|REJECT)\b/.test(line)),
      families: program.startsWith('ip6') ? [6] : [4],
      rules: lines.flatMap((line) => parseRule(line, anywhere)),
    },
  ];
}

/** `-A INPUT -s 10.0.0.5/32 -p tcp -m multiport --dports 7000,7003 -m comment --comment "…" -j ACCEPT` */
function parseRule(line: string, anywhere: string): readonly SeenRule[] {
  const rule = /^-A INPUT (.*)-j ACCEPT$/.exec(line)?.[1];
  if (rule === undefined) return [];
  const options = [...rule.matchAll(/(--?[a-z]+) ("[^"]*"|\S+) /g)].map(
    ([, name = '', value = '']) => [name, value.replaceAll('"', '')] as const,
  );
  const valueOf = (...names: readonly string[]): string | undefined =>
    options.find(([name]) => names.includes(name))?.[1];
  const complete =
    options.map(([name, value]) => `${name} ${value} `).join('').length === rule.replaceAll('"', '').length;
  if (!complete || options.some(([name, value]) => !isPlain(name, value))) return [];
  return [
    {
      source: canonicalNetwork(valueOf('-s') ?? anywhere),
      ports: valueOf('--dport', '--dports')?.replaceAll(':', '-').split(',') ?? [],
      mark: valueOf('--comment'),
      partial: false,
    },
  ];
}

/** New TCP connections by source and port: whatever else a rule asks for, it lets in less than that. */
function isPlain(name: string, value: string): boolean {
  switch (name) {
    case '-s':
    case '--dport':
    case '--dports':
    case '--comment':
      return true;
    case '-p':
      return value === 'tcp';
    case '-m':
      return ['tcp', 'multiport', 'comment', 'state', 'conntrack'].includes(value);
    case '--state':
    case '--ctstate':
      return value.split(',').includes('NEW');
    default:
      return false;
  }
}
