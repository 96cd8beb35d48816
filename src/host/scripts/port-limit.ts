import { shQuote } from '../../base/sh.ts';
import { limitRuleset, limitTable, type PortLimit } from '../port-limit.ts';

/** sh that loads the table, in place of the one that may be there. */
export const limitPortsScript = (limit: PortLimit): string => load(limitRuleset(limit));

/** sh that takes it away; nft knows no delete that does not mind an absent table. */
export function unlimitPortsScript(cluster: string): string {
  const table = `table inet ${limitTable(cluster)}`;
  return load(`${table}\ndelete ${table}`);
}

const load = (ruleset: string): string => `PATH=$PATH:/usr/sbin:/sbin
printf '%s\\n' ${shQuote(ruleset)} | nft -f -`;
