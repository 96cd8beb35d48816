import { limitPrefix, type LimitState } from '../port-limit.ts';
import type { NftChain } from './firewall-nft.ts';

/** The tool's own tables, by name: chain `input` leads to chain `ports`, whose last rule drops and bears the mark. */
export function limitsOf(chains: readonly NftChain[]): Readonly<Record<string, LimitState>> {
  const own = chains.filter(({ gate }) => gate.family === 'inet' && gate.table.startsWith(limitPrefix));
  const tables = [...new Set(own.map(({ gate }) => gate.table))];
  return Object.fromEntries(
    tables.map((table) => [table, stateOf(own.filter(({ gate }) => gate.table === table))]),
  );
}

function stateOf(chains: readonly NftChain[]): LimitState {
  const rules = (name: string): readonly string[] =>
    chains.filter(({ gate }) => gate.chain === name).flatMap(({ body }) => body);
  const [head = '', ...jumps] = rules('input');
  const guarded = rules('ports');
  const isHooked = /\bhook input\b/.test(head) && jumps.at(-1)?.endsWith('jump ports') === true;
  const mark = /^counter (?:packets \d+ bytes \d+ )?drop comment "([^"]*)"$/.exec(guarded.at(-1) ?? '')?.[1];
  return { mark: isHooked ? mark : undefined, rules: jumps.length + guarded.length };
}
