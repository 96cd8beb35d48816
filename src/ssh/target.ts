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
