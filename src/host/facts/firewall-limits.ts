import { judges, limitPrefix, type LimitState } from '../port-limit.ts';
import type { NftChain } from './firewall-nft.ts';

/** The tool's own tables, by name. */
export function limitsOf(chains: readonly NftChain[]): Readonly<Record<string, LimitState>> {
  const own = chains.filter(({ gate }) => gate.family === 'inet' && gate.table.startsWith(limitPrefix));
  const tables = [...new Set(own.map(({ gate }) => gate.table))];
  return Object.fromEntries(
    tables.map((table) => [table, stateOf(own.filter(({ gate }) => gate.table === table))]),
  );
}

/** All rules of a hook's chain lead to the chain that judges, whose last rule drops and bears the mark. */
function stateOf(chains: readonly NftChain[]): LimitState {
  const names = chains.map(({ gate }) => gate.chain);
  const bodyOf = (name: string): readonly string[] =>
    chains.filter(({ gate }) => gate.chain === name).flatMap(({ body }) => body);
  const hooks = Object.entries(judges).filter((pair) => pair.some((name) => names.includes(name)));
  const marks = new Set(
    hooks.map(([hook, judge]) => {
      const [head = '', ...jumps] = bodyOf(hook);
      const leads = jumps.length > 0 && jumps.every((rule) => rule.endsWith(` jump ${judge}`));
      return new RegExp(`\\bhook ${hook}\\b`).test(head) && leads
        ? dropMark(bodyOf(judge).at(-1))
        : undefined;
    }),
  );
  const heads = chains.filter(({ body }) => body[0]?.startsWith('type filter hook ') === true).length;
  const lines = chains.reduce((sum, { body }) => sum + body.length, 0);
  return { mark: marks.size === 1 ? [...marks][0] : undefined, rules: lines - heads };
}

const dropMark = (rule = ''): string | undefined =>
  /\bcounter (?:packets \d+ bytes \d+ )?drop comment "([^"]*)"$/.exec(rule)?.[1];
