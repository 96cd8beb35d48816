import { hostname as localHostname } from 'node:os';
import { ownHome, ownName } from '../../base/me.ts';
import type { Resolved } from './resolved.ts';
import { expandHome } from './config.ts';
import type { Server } from './config.ts';

/**
 * Expands `~`, `${VARIABLE}` and the tokens of ssh_config(5) "TOKENS" in a path that `ssh -G` leaves as
 * written.
 */
export function expandTokens(path: string, server: Server, found: Resolved): string {
  const one = (key: string): string => found.get(key)?.[0] ?? '';
  // Only what is used is looked for: a uid may have no name, and a machine no home folder.
  const tokens: Readonly<Record<string, string | (() => string)>> = {
    '%': '%',
    d: ownHome,
    h: one('hostname'),
    i: String(process.getuid?.() ?? ''),
    k: one('hostkeyalias') || server.address,
    l: localHostname(),
    L: localHostname().replace(/\..*$/, ''),
    n: server.address,
    p: one('port'),
    r: one('user'),
    u: () => ownName() ?? '',
  };
  return expandHome(path)
    .replace(/\$\{(\w+)\}/g, (whole, name: string) => process.env[name] ?? whole)
    .replace(/%([%a-zA-Z])/g, (whole, token: string) => valueOf(tokens[token]) ?? whole);
}

const valueOf = (value: string | (() => string) | undefined): string | undefined =>
  typeof value === 'function' ? value() : value;
