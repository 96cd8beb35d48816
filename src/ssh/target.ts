import type { ConnectionPool } from './pool.ts';

/** What a caller hands to this room. The types are its own, shaped so that the inventory's fit. */

/** Where a secret comes from; the caller's `resolveSecret` knows how to read it. */
export type SecretSource =
  | { readonly env: string }
  | { readonly file: string }
  | { readonly command: string[] }
  | { readonly generate: string };

/** The `ssh` keys of an inventory. What is left out comes from OpenSSH's own configuration and defaults. */
export type SshSettings = {
  readonly user?: string | undefined;
  readonly port?: number | undefined;
  readonly identityFile?: string | readonly string[] | undefined;
  readonly identityAgent?: string | undefined;
  readonly identitiesOnly?: boolean | undefined;
  readonly proxyJump?: string | undefined;
  readonly configFile?: string | undefined;
  readonly knownHostsFile?: string | readonly string[] | undefined;
  readonly strictHostKeyChecking?: 'ask' | 'yes' | 'accept-new' | undefined;
  readonly password?: SecretSource | undefined;
  readonly passphrase?: SecretSource | undefined;
  readonly transport?: 'auto' | 'ssh2' | 'openssh' | undefined;
  /** Seconds. */
  readonly connectTimeout?: number | undefined;
  /** Seconds. */
  readonly keepalive?: number | undefined;
};

/** How to be root: false never, true by sudo or else doas where the user is not root already. */
export type Become = boolean | 'sudo' | 'doas';

/** One host to connect to. */
export type SshTarget = {
  /** For messages. */
  readonly name: string;
  /** A name or address, as one would type after `ssh`. */
  readonly address: string;
  readonly ssh: SshSettings;
  readonly become: Become;
};

/** Asks a person; undefined is a refusal to answer. */
export type Prompter = {
  readonly interactive: boolean;
  readonly ask: (question: string, options?: { readonly secret?: boolean }) => Promise<string | undefined>;
};

export type ConnectOptions = {
  readonly prompter: Prompter;
  readonly resolveSecret: (source: SecretSource) => Promise<string>;
  readonly becomePassword?: SecretSource | undefined;
  /** `try`: connect even where root cannot be had; the first `asRoot` run then throws why. Default `require`. */
  readonly privilege?: 'require' | 'try';
  readonly signal?: AbortSignal | undefined;
  /** Shared by all connections of one run of the product; default: one of this call's own. */
  readonly pool?: ConnectionPool;
  /** Notices for the operator, one sentence each, given once a run; `host` is the one that they came up with. */
  readonly notify?: (host: string, notice: string) => void;
};
