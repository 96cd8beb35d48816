import type { FirewallFacts } from '../facts.ts';
import type { GateState } from '../gate.ts';
import type { Fact } from './fact.ts';
import { firewalldScript, parseFirewalld } from './firewall-firewalld.ts';
import { limitsOf } from './firewall-limits.ts';
import { iptablesScript, parseIptables } from './firewall-iptables.ts';
import { nftChains, nftScript, parseNft } from './firewall-nft.ts';
import { parseUfw, ufwScript } from './firewall-ufw.ts';
import { linesOf } from './lines.ts';

/**
 * Where packets may be dropped, and which rules let TCP in there. Files and D-Bus are read where the tools'
 * own commands take a third of a second each. Each tool's lines begin with its name.
 */
export const firewall: Fact<FirewallFacts> = {
  script: () => `
PATH=$PATH:/usr/sbin:/sbin
from() { sed "s/^/$1 /"; }
${[ufwScript, firewalldScript, nftScript, iptablesScript].join('\n')}
`,
  parse: (output) => {
    const after = linesAfter(output);
    const ufw = parseUfw(after(/^ufw /));
    const firewalld = parseFirewalld(after(/^firewalld /));
    const programs = [...new Set(linesOf(output).flatMap((line) => /^ip6?tables\S*/.exec(line) ?? []))];
    const iptables = programs.flatMap((program) => parseIptables(program, after(new RegExp(`^${program} `))));
    const chains = nftChains(after(/^nft /));
    const nft = parseNft(chains, {
      isForeign: ({ family, table }) =>
        (table === 'firewalld' && firewalld.length > 0) ||
        (table === 'filter' && programs.some((program) => program.startsWith(`${family}tables`))),
    });
    return {
      gates: [...ufw, ...firewalld, ...nft, ...iptables].filter(isOfUse),
      limits: limitsOf(chains),
      nft: after(/^nft-program$/).length > 0,
      complete: after(/^nft-incomplete$/).length === 0,
    };
  },
};

/** A gate that lets everything in matters only for rules of ours that are left in it. */
const isOfUse = ({ drops, rules }: GateState): boolean =>
  drops || rules.some(({ mark }) => mark !== undefined);

/** The rest of each line that begins so. */
function linesAfter(output: string): (start: RegExp) => readonly string[] {
  const lines = linesOf(output);
  return (start) => lines.flatMap((line) => (start.test(line) ? [line.replace(start, '')] : []));
}
