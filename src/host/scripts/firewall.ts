import type { Gate, PortRule } from '../gate.ts';
import { familyOf } from '../network.ts';
import { shQuote } from '../../base/sh.ts';
import type { GateRules } from '../step.ts';
import { packetFilterFunctions, packetFilterRule } from './packet-filter.ts';

/**
 * sh that adds accept rules to a gate, behind whatever somebody else denies, and lasting: what is there
 * already stays as it is. In nftables and iptables they last until the host starts again (`bootFiles` is for
 * that).
 */
export function openPortsScript({ gate, mark, rules }: GateRules): string {
  switch (gate.tool) {
    case 'ufw':
      return rules.map((rule) => `ufw allow ${ufwRule(rule)} comment ${shQuote(mark)}`).join('\n');
    case 'firewalld':
      return firewallCmd(gate.zone, options('add', mark, rules));
    case 'nft':
    case 'iptables':
      return [
        packetFilterFunctions,
        ...rules.map((rule) => `open_ports ${packetFilterRule(gate, rule, mark)}`),
      ].join('\n');
  }
}

/** sh that takes rules out of a gate; rules without the mark stay. */
export function closePortsScript({ gate, mark, rules }: GateRules): string {
  switch (gate.tool) {
    case 'ufw':
      return rules.map((rule) => `ufw delete allow ${ufwRule(rule)}`).join('\n');
    case 'firewalld':
      return firewallCmd(gate.zone, options('remove', mark, rules));
    case 'nft':
    case 'iptables':
      return [
        packetFilterFunctions,
        ...rules.map((rule) => `close_ports ${packetFilterRule(gate, rule, mark)}`),
      ].join('\n');
  }
}

/** What an operator types, as root, to let the same in; unmarked, so that it stays his own. */
export function openingCommands(gate: Gate, rule: PortRule): readonly string[] {
  const { source, ports } = rule;
  switch (gate.tool) {
    case 'ufw':
      return [`ufw allow ${ufwRule(rule)}`];
    case 'firewalld':
      return [
        `for port in ${ports.join(' ')}; do for keep in '' --permanent; do firewall-cmd $keep --zone=${gate.zone} ` +
          `--add-rich-rule="${richRule(source, '$port').replaceAll('"', '')}"; done; done`,
      ];
    case 'nft':
      return [
        `nft insert rule ${gate.family} ${gate.table} ${gate.chain} ${ipWord(source)} saddr ${source} tcp dport { ${ports.join(', ')} } accept`,
      ];
    case 'iptables':
      return [
        `${gate.program} -I INPUT -s ${source} -p tcp -m multiport --dports ${ports.join(',')} -j ACCEPT`,
      ];
  }
}

/** How many ports fit into one rule (iptables-extensions(8), multiport; ufw uses it); firewalld takes one. */
export const portsPerRule = ({ tool }: Gate): number => (tool === 'firewalld' ? 1 : 15);

const ufwRule = ({ source, ports }: PortRule): string =>
  `proto tcp from ${source} to any port ${ports.join(',')}`;

/** Both what is in force and what is kept: a reload would throw away what somebody has in force only. */
const firewallCmd = (zone: string, rules: string): string =>
  ['', '--permanent ']
    .map((also) => `firewall-cmd --quiet ${also}--zone=${shQuote(zone)} ${rules}`)
    .join('\n');

const options = (what: 'add' | 'remove', mark: string, rules: readonly PortRule[]): string =>
  rules
    .flatMap(({ source, ports }) =>
      ports.map((port) => `--${what}-rich-rule=${shQuote(richRule(source, port, mark))}`),
    )
    .join(' ');

const richRule = (source: string, port: string, priority?: string): string =>
  `rule ${priority === undefined ? '' : `priority="${priority}" `}family="${familyOf(source) === 6 ? 'ipv6' : 'ipv4'}" ` +
  `source address="${source}" port port="${port}" protocol="tcp" accept`;

const ipWord = (source: string): string => (familyOf(source) === 6 ? 'ip6' : 'ip');
