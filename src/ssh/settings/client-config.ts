import { existsSync } from 'node:fs';
import { agentSocket, defaults, expandHome, list, noneIsUndefined } from './config.ts';
import type { Algorithms, HostConfig, Server } from './config.ts';
import { expandTokens } from './expand-tokens.ts';
import { foreignOptions, openSshOptions } from './foreign.ts';
import type { Resolved } from './resolved.ts';
import type { SshSettings } from '../target.ts';

/**
 * A server's configuration from what `ssh -G` says of it. `baseline` is what it says without any file: what
 * differs was set by someone.
 */
export function configFromClient(server: Server, found: Resolved, baseline: Resolved): HostConfig {
  const { host, jump, address, settings } = server;
  const one = (key: string): string | undefined => found.get(key)?.[0];
  const family = one('addressfamily');
  return {
    host,
    jump,
    address,
    hostname: one('hostname') ?? address,
    port: Number(one('port') ?? defaults.port),
    user: one('user') ?? '',
    proxyJump: noneIsUndefined(one('proxyjump')),
    proxyCommand: noneIsUndefined(one('proxycommand')),
    family: family === 'inet' ? 4 : family === 'inet6' ? 6 : 0,
    bindAddress: noneIsUndefined(one('bindaddress')),
    algorithms: algorithms(found, baseline),
    connectTimeoutMs:
      1000 * (settings.connectTimeout ?? (Number(one('connecttimeout')) || defaults.connectTimeout)),
    keepaliveMs: keepaliveMs(settings, found),
    foreign: foreignOptions(found, baseline),
    needsOpenSsh: openSshOptions(found, baseline),
    client: true,
    settings,
    ...hostKeys(server, found),
    ...authentication(server, found),
  };
}

function hostKeys(
  server: Server,
  found: Resolved,
): Pick<
  HostConfig,
  'hostKeyAlias' | 'userKnownHosts' | 'globalKnownHosts' | 'hashKnownHosts' | 'strictHostKeyChecking'
> {
  const one = (key: string): string => found.get(key)?.[0] ?? '';
  const files = (key: string): string[] =>
    pathsOfLine(one(key)).map((path) => expandTokens(path, server, found));
  const own = server.settings.knownHostsFile;
  const strict = one('stricthostkeychecking');
  return {
    hostKeyAlias: noneIsUndefined(found.get('hostkeyalias')?.[0]),
    // `ssh -G` prints several paths on one line without quotes; the inventory's own need no guessing.
    userKnownHosts: own === undefined ? files('userknownhostsfile') : list(own).map(expandHome),
    globalKnownHosts: files('globalknownhostsfile'),
    hashKnownHosts: isYes(one('hashknownhosts')),
    // `no` would also go on with a changed key; new keys are taken and stored, changed ones are refused.
    strictHostKeyChecking:
      strict === 'ask' ? 'ask' : /^(accept-new|no|false|off)$/.test(strict) ? 'accept-new' : 'yes',
  };
}

function authentication(
  server: Server,
  found: Resolved,
): Pick<
  HostConfig,
  'identityFiles' | 'certificateFiles' | 'agent' | 'identitiesOnly' | 'methods' | 'passwordPrompts'
> {
  const one = (key: string): string | undefined => found.get(key)?.[0];
  const paths = (key: string): string[] =>
    (found.get(key) ?? []).filter((path) => path !== 'none').map((path) => expandTokens(path, server, found));
  const agent = one('identityagent');
  return {
    identityFiles: paths('identityfile'),
    certificateFiles: paths('certificatefile'),
    agent: agentSocket(agent?.startsWith('$') === false ? expandTokens(agent, server, found) : agent),
    identitiesOnly: isYes(one('identitiesonly')),
    methods: {
      publickey: one('pubkeyauthentication') !== 'no' && one('pubkeyauthentication') !== 'false',
      keyboard: isYes(one('kbdinteractiveauthentication') ?? 'yes'),
      password: isYes(one('passwordauthentication')),
    },
    passwordPrompts: Number(one('numberofpasswordprompts') ?? 3),
  };
}

function algorithms(found: Resolved, baseline: Resolved): Algorithms {
  const changed = (key: string): readonly string[] | undefined => {
    const value = found.get(key)?.[0];
    return value === undefined || value === baseline.get(key)?.[0] ? undefined : value.split(',');
  };
  return {
    kex: changed('kexalgorithms'),
    cipher: changed('ciphers'),
    mac: changed('macs'),
    hostKey: changed('hostkeyalgorithms'),
  };
}

/** ServerAliveInterval times ServerAliveCountMax, where the file sets them and the inventory says nothing. */
function keepaliveMs(settings: SshSettings, found: Resolved): number {
  const interval = Number(found.get('serveraliveinterval')?.[0] ?? 0);
  const count = Number(found.get('serveralivecountmax')?.[0] ?? 3);
  return 1000 * (settings.keepalive ?? (interval > 0 ? interval * Math.max(1, count) : defaults.keepalive));
}

function isYes(value: string | undefined): boolean {
  return value === 'yes' || value === 'true';
}

/** Splits a line of paths at spaces, keeping together what only exists together. */
function pathsOfLine(line: string): string[] {
  const words = line.split(' ').filter((word) => word !== '' && word !== 'none');
  const paths: string[] = [];
  for (let from = 0; from < words.length;) {
    const to = longestExisting(words, from);
    paths.push(words.slice(from, to).join(' '));
    from = to;
  }
  return paths;
}

function longestExisting(words: readonly string[], from: number): number {
  for (let to = words.length; to > from + 1; to--) {
    if (existsSync(expandHome(words.slice(from, to).join(' ')))) return to;
  }
  return from + 1;
}
