import type { LimitFunction } from 'p-limit';
import type { Link } from './link.ts';
import type { Resolved } from './settings/resolved.ts';
import type { ParsedKey } from 'ssh2';
import type { BadKey, PrivateKey } from './login/private-key.ts';

/**
 * What the connections of one run of the product share: so that an operator is asked once, an encrypted key
 * is decrypted once, a jump host is connected to once, and no server sees more half-open connections than it
 * takes.
 */
export type ConnectionPool = {
  /** Answers of the operator and of secret sources, by what they are for. */
  readonly answers: Map<string, Promise<string | undefined>>;
  /** Settled when the last question asked so far has been answered; the next one waits for it. */
  lastQuestion: Promise<unknown>;
  /** How many questions wait for the operator; no deadline passes meanwhile. */
  questions: number;
  /** OpenSSH's own defaults, to tell what a configuration file changed. */
  baseline?: Promise<Resolved | undefined>;
  /** Key files that were read, by path. */
  readonly keys: Map<string, Promise<PrivateKey | BadKey>>;
  /** Encrypted keys that were opened, by path. */
  readonly unlocked: Map<string, Promise<ParsedKey>>;
  /** What `ssh-add -L` says, by agent socket. */
  readonly agentKeys: Map<string, Promise<string>>;
  /** Host keys that the operator accepted, see `acceptedKey`. */
  readonly accepted: Set<string>;
  /** How many connections a server is offered at once, by `host:port`. */
  readonly startups: Map<string, LimitFunction>;
  /** Open connections to jump hosts, by their route. */
  readonly jumps: Map<string, { readonly link: Promise<Link>; users: number }>;
  /** Notices that were given. */
  readonly noticed: Set<string>;
};

/** A pool for one run; it holds nothing open by itself. */
export function createPool(): ConnectionPool {
  return {
    answers: new Map(),
    lastQuestion: Promise.resolve(),
    questions: 0,
    keys: new Map(),
    unlocked: new Map(),
    agentKeys: new Map(),
    accepted: new Set(),
    startups: new Map(),
    jumps: new Map(),
    noticed: new Set(),
  };
}
