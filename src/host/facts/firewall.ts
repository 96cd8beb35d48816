import type { FirewallFacts } from '../facts.ts';
import type { Fact } from './fact.ts';
import { fieldsOf, linesOf } from './lines.ts';

/**
 * Whether a firewall may be in the way; which ports it lets through is for `probePorts` to find out. iptables is
 * asked only where its tables are in use: asking would load them.
 */
export const firewall: Fact<FirewallFacts> = {
  script: () => `
PATH=$PATH:/usr/sbin:/sbin
if [ -r /etc/ufw/ufw.conf ] && grep -qi '^ENABLED=yes' /etc/ufw/ufw.conf; then echo ufw=yes; fi
if command -v firewall-cmd >/dev/null && systemctl is-active --quiet firewalld.service; then echo firewalld=yes; fi
if command -v nft >/dev/null; then nft -t list ruleset 2>/dev/null | head -n 5000 | sed 's/^/nft /'; fi
if grep -qs '^filter$' /proc/net/ip_tables_names; then
  { iptables-legacy -S INPUT || iptables -S INPUT; } 2>/dev/null | sed 's/^/iptables /'
fi
:
`,
  parse: (output) => {
    const { ufw, firewalld } = fieldsOf(linesOf(output).slice(0, 2).join('\n'));
    const linesAfter = (word: string): readonly string[] =>
      linesOf(output).flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []));
    return {
      ufw: ufw === 'yes',
      firewalld: firewalld === 'yes',
      inputDrops: nftDrops(linesAfter('nft')) || iptablesDrops(linesAfter('iptables')),
    };
  },
};

const isFinal = (rule: string): boolean =>
  /^(counter( packets \d+ bytes \d+)? )?(drop|reject\b.*)$/.test(rule);

/** Chains on the input hook whose policy, or whose last rule, drops. */
function nftDrops(lines: readonly string[]): boolean {
  const chains = lines.join('\n').split(/^\s*chain /m);
  return chains.some((chain) => {
    if (!/hook input\b/.test(chain)) return false;
    const rules = chain
      .split('\n')
      .map((line) => line.trim().replace(/ comment ".*"$/, ''))
      .filter((line) => line !== '' && line !== '}' && !/^table\b/.test(line));
    return /policy drop/.test(chain) || isFinal(rules.at(-1) ?? '');
  });
}

function iptablesDrops(lines: readonly string[]): boolean {
  return lines.some((line) => /^-P INPUT DROP|^-A INPUT -j (DROP|REJECT)\b/.test(line));
}
