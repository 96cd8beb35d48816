import { homedir, hostname as localHostname, userInfo } from 'node:os';
import type { Resolved } from './client-config.ts';
import { expandHome } from './config.ts';
import type { Server } from './config.ts';

/** Expands `~`, `${VARIABLE}` and the tokens of ssh_config(5) "TOKENS" in a path that `ssh -G` leaves as written. */
export function expandTokens(path: string, server: Server, found: Resolved): string {
  const one = (key: string): string => found.get(key)?.[0] ?? '';
  const tokens: Readonly<Record<string, string>> = {
    '%': '%',
    d: homedir(),
    h: one('hostname'),
    i: String(userInfo().uid),
    k: one('hostkeyalias') || server.address,
    l: localHostname(),
    L: localHostname().replace(/\..*$/, ''),
    n: server.address,
    p: one('port'),
    r: one('user'),
    u: userInfo().username,
  };
  return expandHome(path)
    .replace(/\$\{(\w+)\}/g, (whole, name: string) => process.env[name] ?? whole)
    .replace(/%([%a-zA-Z])/g, (whole, token: string) => tokens[token] ?? whole);
}
