import type { ConnectionPool } from './pool.ts';
import type { SecretSource } from './target.ts';

/** Asks a person; undefined is a refusal to answer. */
export type Prompter = {
  readonly interactive: boolean;
  readonly ask: (question: string, options?: { readonly secret?: boolean }) => Promise<string | undefined>;
};

export type ConnectOptions = {
  readonly prompter: Prompter;
  readonly resolveSecret: (source: SecretSource) => Promise<string>;
  readonly becomePassword?: SecretSource | undefined;
  /** `try`: connect even without root; the first `asRoot` run then throws the reason. Default `require`. */
  readonly privilege?: 'require' | 'try';
  readonly signal?: AbortSignal | undefined;
  /** Shared by all connections of one run of the product; default: one of this call's own. */
  readonly pool?: ConnectionPool;
  /**
   * Notices for the operator, one sentence each, given once a run; `host` is the one that they came up with.
   */
  readonly notify?: (host: string, notice: string) => void;
};
