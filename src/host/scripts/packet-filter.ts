import type { Gate, PortRule } from '../gate.ts';
import { familyOf } from '../network.ts';
import { shQuote, shWords } from '../../base/sh.ts';

type PacketFilter = Extract<Gate, { readonly tool: 'nft' | 'iptables' }>;

/**
 * sh functions that add and remove one rule of nftables or iptables. A chain whose last rule drops the rest
 * gets it before that rule, every other at its end. `open_ports` fails where there is no such chain.
 */
export const packetFilterFunctions = `PATH=$PATH:/usr/sbin:/sbin
open_ports() {
  case $1 in nft) shift; open_nft "$@" ;; *) open_iptables "$@" ;; esac
}
close_ports() {
  case $1 in nft) shift; close_nft "$@" ;; *) close_iptables "$@" ;; esac
}
open_nft() { # FAMILY TABLE CHAIN RULE
  chain=$(nft -a list chain "$1" "$2" "$3") || return
  case $chain in *"	$4 # handle "*) return 0 ;; esac
  last=$(printf '%s\\n' "$chain" | grep -v 'chain ' | grep ' # handle [0-9]*$' | tail -n 1)
  case $last in
    *drop* | *reject*) nft insert rule "$1" "$2" "$3" position "\${last##* }" "$4" ;;
    *) nft add rule "$1" "$2" "$3" "$4" ;;
  esac
}
close_nft() {
  nft -a list chain "$1" "$2" "$3" | grep -F "	$4 # handle " | sed 's/.* # handle //' |
    while read -r handle; do nft delete rule "$1" "$2" "$3" handle "$handle"; done
}
open_iptables() { # PROGRAM RULE…
  program=$1
  shift
  ! "$program" -w -C INPUT "$@" 2>/dev/null || return 0
  rules=$("$program" -w -S INPUT) || return
  case $(printf '%s\\n' "$rules" | tail -n 1) in
    '-A INPUT -j '*) "$program" -w -I INPUT "$(printf '%s\\n' "$rules" | grep -c '^-A')" "$@" ;;
    *) "$program" -w -A INPUT "$@" ;;
  esac
}
close_iptables() {
  program=$1
  shift
  while "$program" -w -C INPUT "$@" 2>/dev/null; do "$program" -w -D INPUT "$@"; done
}`;

/** The arguments of those functions, as nftables itself spells the rule. */
export function packetFilterRule(gate: PacketFilter, { source, ports }: PortRule, mark: string): string {
  switch (gate.tool) {
    case 'nft': {
      const several = ports.length === 1 ? ports.join() : `{ ${ports.join(', ')} }`;
      const family = familyOf(source) === 6 ? 'ip6' : 'ip';
      const rule = `${family} saddr ${source} tcp dport ${several} accept comment "${mark}"`;
      return `nft ${shWords([gate.family, gate.table, gate.chain])} ${shQuote(rule)}`;
    }
    case 'iptables':
      return (
        `${shQuote(gate.program)} -s ${source} -p tcp -m multiport --dports ${ports.join(',')} ` +
        `-m comment --comment ${shQuote(mark)} -j ACCEPT`
      );
  }
}
