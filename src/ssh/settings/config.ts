import { UsageError } from '../../base/errors.ts';
import { ownHome, ownName } from '../../base/me.ts';
import { ConnectError } from '../connect-error.ts';
import type { SshSettings } from '../target.ts';

/** How to reach one server, whether the host itself or a jump host: everything decided. */
export type HostConfig = {
  /** The inventory's host that this connection is for; for messages. */
  readonly host: string;
  /** A server on the way to the host. */
  readonly jump: boolean;
  /** As typed: what `ssh` was asked for. */
  readonly address: string;
  readonly hostname: string;
  readonly port: number;
  readonly user: string;
  readonly hostKeyAlias: string | undefined;
  readonly identityFiles: readonly string[];
  readonly certificateFiles: readonly string[];
  /** Socket of the agent; undefined for none. */
  readonly agent: string | undefined;
  readonly identitiesOnly: boolean;
  /** As in ssh_config; undefined for none. */
  readonly proxyJump: string | undefined;
  readonly proxyCommand: string | undefined;
  readonly userKnownHosts: readonly string[];
  readonly globalKnownHosts: readonly string[];
  readonly hashKnownHosts: boolean;
  readonly strictHostKeyChecking: 'ask' | 'yes' | 'accept-new';
  readonly methods: { readonly publickey: boolean; readonly keyboard: boolean; readonly password: boolean };
  /** How often a typed password may be wrong. */
  readonly passwordPrompts: number;
  /** 4 or 6 where AddressFamily says so, else 0. */
  readonly family: 0 | 4 | 6;
  readonly bindAddress: string | undefined;
  /** Lists that ssh_config changed, in order of preference; undefined where it says nothing. */
  readonly algorithms: Algorithms;
  readonly connectTimeoutMs: number;
  /** How long a silent server counts as alive. */
  readonly keepaliveMs: number;
  /** Options set in ssh_config that ssh2 does not honour, as `VerifyHostKeyDNS yes`. */
  readonly foreign: readonly string[];
  /** Options set in ssh_config without which a connection would be wrong or impossible. */
  readonly needsOpenSsh: readonly string[];
  /** An OpenSSH client is installed here. */
  readonly client: boolean;
  readonly settings: SshSettings;
};

/** What is asked about: `jump` when it is a server on the way to the host. */
export type Server = {
  readonly host: string;
  readonly jump: boolean;
  readonly address: string;
  readonly settings: SshSettings;
};

export type Algorithms = {
  readonly kex: readonly string[] | undefined;
  readonly cipher: readonly string[] | undefined;
  readonly mac: readonly string[] | undefined;
  readonly hostKey: readonly string[] | undefined;
};

/** OpenSSH's own defaults where it has any; it would wait for ever to connect and for a dead server. */
export const defaults = {
  port: 22,
  connectTimeout: 10,
  keepalive: 15,
  identityFiles: ['~/.ssh/id_rsa', '~/.ssh/id_ecdsa', '~/.ssh/id_ed25519'],
  userKnownHosts: ['~/.ssh/known_hosts', '~/.ssh/known_hosts2'],
  globalKnownHosts: ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'],
} as const;

/** The configuration where no OpenSSH client is installed: the inventory's keys and the defaults. */
export function configWithoutClient({ host, jump, address, settings }: Server): HostConfig {
  return {
    host,
    jump,
    address,
    hostname: address,
    port: settings.port ?? defaults.port,
    user: settings.user ?? ownName() ?? nameless(host),
    hostKeyAlias: undefined,
    identityFiles: filesOf(settings.identityFile, defaults.identityFiles),
    certificateFiles: [],
    agent: agentSocket(settings.identityAgent),
    identitiesOnly: settings.identitiesOnly ?? false,
    proxyJump: noneIsUndefined(settings.proxyJump),
    proxyCommand: undefined,
    userKnownHosts: filesOf(settings.knownHostsFile, defaults.userKnownHosts),
    globalKnownHosts: defaults.globalKnownHosts,
    hashKnownHosts: false,
    strictHostKeyChecking: settings.strictHostKeyChecking ?? 'ask',
    methods: { publickey: true, keyboard: true, password: true },
    passwordPrompts: 3,
    family: 0,
    bindAddress: undefined,
    algorithms: { kex: undefined, cipher: undefined, mac: undefined, hostKey: undefined },
    connectTimeoutMs: (settings.connectTimeout ?? defaults.connectTimeout) * 1000,
    keepaliveMs: (settings.keepalive ?? defaults.keepalive) * 1000,
    foreign: [],
    needsOpenSsh: [],
    client: false,
    settings,
  };
}

/** Defaults below a home folder that is not there are not there either. */
function filesOf(
  given: string | readonly string[] | undefined,
  standard: readonly string[],
): readonly string[] {
  if (given !== undefined) return list(given).map(expandHome);
  try {
    return standard.map(expandHome);
  } catch (error) {
    if (error instanceof UsageError) return [];
    throw error;
  }
}

function nameless(host: string): never {
  const message = `there is no user to log in to ${host} as: ssh.user is not set, and uid ${process.getuid?.() ?? '?'} of this machine has no passwd entry`;
  throw new ConnectError('config', message, { host, hints: ['Set ssh.user in the inventory.'] });
}

export function list<T>(value: T | readonly T[]): readonly T[] {
  return new Array<T>().concat(value);
}

export function noneIsUndefined(value: string | undefined): string | undefined {
  return value === undefined || value.toLowerCase() === 'none' ? undefined : value;
}

export function expandHome(path: string): string {
  return path === '~' || path.startsWith('~/') ? ownHome() + path.slice(1) : path;
}

/** IdentityAgent: a path, `$VARIABLE`, `SSH_AUTH_SOCK` or `none`; unset means SSH_AUTH_SOCK. */
export function agentSocket(value: string | undefined): string | undefined {
  if (value === undefined || value === 'SSH_AUTH_SOCK') return process.env['SSH_AUTH_SOCK'] || undefined;
  if (value.startsWith('$')) return process.env[value.replace(/^\$\{?|\}$/g, '')] || undefined;
  const path = noneIsUndefined(value);
  return path === undefined ? undefined : expandHome(path);
}
