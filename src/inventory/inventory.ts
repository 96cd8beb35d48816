import type { DirectiveValue, InventoryDocument, SecretSource, SshDocument } from './schema.ts';

/** One machine, with every inventory-wide default already applied. */
export type Host = {
  readonly name: string;
  readonly address: string;
  /** What the nodes bind to and announce; an IP address. */
  readonly privateAddress: string;
  readonly zone: string | undefined;
  readonly connection: 'ssh' | 'local';
  readonly ssh: Readonly<SshDocument>;
  readonly become: boolean | 'sudo' | 'doas';
  /** In the order of the file. */
  readonly nodes: readonly Node[];
};

/** One Redis instance that should be. */
export type Node = {
  /** `host:port` with the host's inventory name; how operators name it. */
  readonly id: string;
  readonly host: string;
  readonly zone: string | undefined;
  /** The host's privateAddress: the node's address in the cluster. */
  readonly address: string;
  readonly port: number;
  /** port + 10000 (the default of redis.conf `cluster-port`). */
  readonly busPort: number;
  /** The inventory's preferred role; failovers swap it, which is not drift. */
  readonly preferredRole: 'master' | 'replica';
  /** Number of the shard, from 1; a replica has its preferred master's. */
  readonly shard: number;
};

/** A validated inventory. Secrets are sources here, never values. */
export type Inventory = {
  /** Absolute path of the file, for messages and for relative secret paths. */
  readonly file: string;
  /** sha256 of the file's bytes, hex; for the audit log. */
  readonly hash: string;
  readonly cluster: string;
  readonly mode: InventoryDocument['mode'];
  readonly server: InventoryDocument['server'];
  /** semver range */
  readonly version: string;
  readonly install: InventoryDocument['install'];
  readonly replicas: number;
  readonly antiAffinity: InventoryDocument['antiAffinity'];
  readonly production: boolean;
  readonly becomePassword: SecretSource | undefined;
  readonly auth: {
    readonly password: SecretSource | undefined;
    readonly application: { readonly user: string; readonly password: SecretSource } | undefined;
  };
  readonly firewall: {
    readonly manage: boolean;
    readonly clients: readonly string[];
    /** Something outside the hosts keeps strangers from the bus ports. */
    readonly external: boolean;
  };
  readonly hosts: readonly Host[];
  /** All nodes, masters in order of shard first, then replicas. */
  readonly nodes: readonly Node[];
  readonly config: Readonly<Record<string, DirectiveValue>>;
};

/** The values of an inventory's secrets, resolved once a run. Never logged, never in an event. */
export type Secrets = {
  /** undefined: none, allowed for loopback only. */
  readonly password: string | undefined;
  readonly application: string | undefined;
};
