/** What the cluster says of itself, as each node sees it. Plain data, parsed from replies; no I/O here. */

export type SlotRange = readonly [first: number, last: number];

export type OpenSlot = {
  readonly slot: number;
  readonly state: 'migrating' | 'importing';
  /** 40-hex node id of the other side. */
  readonly peer: string;
};

/** One line of CLUSTER NODES (redis.io, CLUSTER NODES; the one format common to every version). */
export type NodeLine = {
  readonly nodeId: string;
  /** IP as the reporting node knows it; '' when it knows none. */
  readonly ip: string;
  readonly port: number;
  readonly busPort: number;
  readonly hostname: string | undefined;
  readonly flags: readonly NodeFlag[];
  readonly role: 'master' | 'replica';
  readonly masterId: string | undefined;
  /** Milliseconds since the epoch; 0 when none is pending. */
  readonly pingSent: number;
  readonly pongReceived: number;
  readonly configEpoch: number;
  readonly linkState: 'connected' | 'disconnected';
  readonly slots: readonly SlotRange[];
  readonly openSlots: readonly OpenSlot[];
};

export type NodeFlag =
  | 'myself'
  | 'master'
  | 'slave'
  | 'fail?'
  | 'fail'
  | 'handshake'
  | 'noaddr'
  | 'nofailover'
  | 'noflags';

/** The fields of INFO and CLUSTER INFO, as strings, by name (`master_link_status`, `cluster_state`, …). */
export type InfoFields = Readonly<Record<string, string>>;

export type MasterLogin = 'ours' | 'other' | 'none';

/** What one reachable node says. */
export type ReachableView = {
  readonly reachable: true;
  /** The inventory's node id, `host:port`. */
  readonly node: string;
  /** CLUSTER MYID; '' in standalone mode. */
  readonly nodeId: string;
  /** CLUSTER NODES; empty in standalone mode. */
  readonly nodes: readonly NodeLine[];
  /** CLUSTER INFO; empty in standalone mode. */
  readonly clusterInfo: InfoFields;
  /** INFO (default sections). */
  readonly info: InfoFields;
  /** Replicas in sync without which it takes no writes, as a master; undefined: it did not say. */
  readonly neededReplicas?: number | undefined;
  /**
   * How it would log in to a master: as the inventory has it, in another way, without a password. undefined:
   * it did not say.
   */
  readonly masterLogin?: MasterLogin | undefined;
  /** Keys in all databases (INFO keyspace); in cluster mode there is only database 0. */
  readonly keys: number;
  /**
   * ACL LIST, which has the hashes of passwords; undefined: the server does not know the command; denied: the
   * user default may not run it (NOPERM).
   */
  readonly users?: readonly string[] | 'denied' | undefined;
  /** CONFIG GET *, as the live server has it; secrets are replaced by '***' when set, '' when not. */
  readonly config: Readonly<Record<string, string>>;
};

/** Nothing could be learnt from this node. `reason` is for people and holds no secret. */
export type UnreachableView = {
  readonly reachable: false;
  readonly node: string;
  /**
   * refused: nothing listens. auth: it listens and rejects the inventory's password. host: its host cannot be
   * reached. loading: it is reading its data set into memory, and says nothing of the cluster meanwhile.
   * foreign: another user's process listens, and was not given the password. unverified: whose process
   * listens could not be found out. full: it accepts no more connections (maxclients). protected: it has no
   * password, and protected mode refuses clients that do not come from its own host.
   */
  readonly failure:
    | 'refused'
    | 'auth'
    | 'timeout'
    | 'host'
    | 'loading'
    | 'protocol'
    | 'foreign'
    | 'unverified'
    | 'full'
    | 'protected';
  readonly reason: string;
};

export type NodeView = ReachableView | UnreachableView;

/** One view a node of the inventory, in the inventory's order. */
export type ClusterView = { readonly nodes: readonly NodeView[] };

/**
 * The part of a ClusterView that says who is who: what the pure views in `shape.ts`, `agreement.ts` and
 * `missing.ts` need. A poll that waits for roles to change reads only this (`observeTopology`).
 */
export type TopologyView = { readonly nodes: readonly (NodeTopology | UnreachableView)[] };

export type NodeTopology = Pick<
  ReachableView,
  'reachable' | 'node' | 'nodeId' | 'nodes' | 'clusterInfo' | 'info' | 'neededReplicas' | 'masterLogin'
>;
