import type { SlotRange } from '../cluster/view.ts';
import type { AclUser } from '../cluster/users.ts';

/** Answers to what only `verify` asks, as plain data. Read by `operations/verify/`, judged by the checks. */

/** One bus connection of a node (CLUSTER LINKS, Redis 7.0). */
export type BusLink = {
  readonly direction: 'to' | 'from';
  /** 40-hex id of the other side. */
  readonly nodeId: string;
  /** False while it is still connecting: such a link has no read handler (`events` without `r`). */
  readonly established: boolean;
};

/** One line of LATENCY LATEST. */
export type LatencyEvent = {
  readonly event: string;
  /** Seconds since the epoch, the server's clock. */
  readonly at: number;
  readonly lastMs: number;
  readonly maxMs: number;
};

/** What one reachable node answered. A field is undefined where the server does not know the command. */
export type NodeProbe = {
  readonly links: readonly BusLink[] | undefined;
  readonly latency: readonly LatencyEvent[] | undefined;
  /** The newest slow commands: seconds since the epoch (server's clock) and duration. */
  readonly slowlog: readonly { readonly at: number; readonly microseconds: number }[] | undefined;
  /** denied: the user default may not list them (NOPERM). */
  readonly users: readonly AclUser[] | 'denied' | undefined;
  /**
   * Keys that this node holds in each slot that any node has open (CLUSTER COUNTKEYSINSLOT), by slot; no
   * entry where the number is not known.
   */
  readonly openSlotKeys: Readonly<Record<number, number>>;
  /**
   * Whether a command that may write is carried out; paused: it waits while others are answered (CLIENT
   * PAUSE).
   */
  readonly writes: 'taken' | 'paused' | 'unknown';
  /** What a second connection got that gave no password. */
  readonly anonymous: 'refused' | 'answered' | 'unknown';
};

/** Keys that a master holds of slots which it neither owns nor imports. */
export type StrayKeys = {
  readonly keys: number;
  /** Empty: the server does not say (from Redis 8.4 on it hides keys of slots that it does not own). */
  readonly slots: readonly SlotRange[];
};

/** What one reachable host was asked beyond its facts. */
export type HostProbe = {
  /** Kernel lines of the last 24 hours that tell of a killed server; undefined: the log cannot be read. */
  readonly oomKills: readonly string[] | undefined;
  /**
   * Whether the server's user can create files in the data folder, by node id; missing where the folder is
   * missing. read-only: not even root can; denied: that user cannot.
   */
  readonly dataFolders: Readonly<Record<string, 'writable' | 'denied' | 'read-only'>>;
  /**
   * The TLS certificates that the configuration names, by path; ms since the epoch, undefined: unreadable.
   */
  readonly certificates: Readonly<Record<string, { readonly notAfter: number | undefined }>>;
  /** Node processes that are stopped (SIGSTOP, a debugger), by node id, with their pid. */
  readonly stopped: Readonly<Record<string, number>>;
};

/** What happened to the canary key of one shard. */
export type WriteTestResult = {
  readonly shard: string;
  /** Inventory node ids. */
  readonly master: string;
  readonly replicas: readonly string[];
  /** Replicas that acknowledged within the deadline (WAIT). */
  readonly acknowledged: number;
  /** Nodes that returned the value that was written. */
  readonly readFrom: readonly string[];
  readonly removed: boolean;
  readonly durationMs: number;
  /** The first error met; it holds no secret. */
  readonly error: string | undefined;
};

/** The users that a node listed; none where it did not. */
export const usersOf = (probe: NodeProbe | undefined): readonly AclUser[] =>
  probe?.users === undefined || probe.users === 'denied' ? [] : probe.users;
