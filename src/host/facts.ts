import type { DataFormat } from './facts/rdb-header.ts';
import type { Socket } from './facts/sockets.ts';
import type { GateState } from './gate.ts';
import type { LimitState } from './port-limit.ts';

export type PackageManager = 'apt' | 'dnf' | 'zypper';

/** What is on one host, read in one round trip. Sizes in bytes. */
export type Facts = {
  readonly os: OsFacts;
  /** The user that the steps would run as, after become. */
  readonly effectiveUser: UserFacts;
  readonly cpus: number;
  readonly memory: MemoryFacts;
  readonly clock: ClockFacts;
  /** Free space where data, configuration and logs (will) live, by path of the layout. */
  readonly disks: Readonly<Record<string, DiskState>>;
  readonly server: ServerFacts;
  /** Managed files that are there, by path. */
  readonly files: Readonly<Record<string, FileState>>;
  /** Managed directories that are there, by path; also a link to one that root (or the local user) made. */
  readonly directories: Readonly<Record<string, DirectoryState>>;
  /** Managed paths with something in their place that is neither followed nor read. */
  readonly unusable: Readonly<Record<string, UnusablePath>>;
  /**
   * By data folder: some of what is in it and does not belong to the service user, by path, files with a
   * second name elsewhere left out. A node may not start with such files. Only folders where there is any.
   */
  readonly strayOwners: Readonly<Record<string, readonly string[]>>;
  /**
   * Units of ours and of the distribution's that could be in the way, by unit name; empty without systemd.
   */
  readonly units: Readonly<Record<string, UnitState>>;
  /** TCP sockets in LISTEN on ports and bus ports of the inventory. */
  readonly listeners: readonly Listener[];
  readonly network: NetworkFacts;
  readonly kernel: KernelFacts;
  readonly firewall: FirewallFacts;
  /** The nodes' running processes, by inventory node id; only those that run. */
  readonly processes: Readonly<Record<string, ProcessState>>;
  /** Instances of the distribution's own that run, by unit name. */
  readonly foreignServers: Readonly<Record<string, ForeignServer>>;
  /** What the data folders hold, by inventory node id; every node of the host has an entry. */
  readonly data: Readonly<Record<string, NodeData>>;
};

export type OsFacts = {
  /** /etc/os-release ID and VERSION_ID, as `debian`, `12`; '' when it does not say. */
  readonly id: string;
  readonly versionId: string;
  readonly prettyName: string;
  readonly packageManager: PackageManager | undefined;
  /** systemd is PID 1. */
  readonly systemd: boolean;
  readonly kernel: string;
  /** SELinux confines services here. */
  readonly selinuxEnforcing: boolean;
};

export type UserFacts = { readonly name: string; readonly uid: number; readonly home: string };

export type MemoryFacts = {
  /** The smaller of MemTotal and the cgroup's limit. */
  readonly total: number;
  readonly available: number;
  readonly swapTotal: number;
};

export type ClockFacts = {
  /** The host's time, ms since the epoch. */
  readonly now: number;
  /** Host's clock minus the operator's, ms, taken at the middle of the round trip. */
  readonly offsetMs: number;
  /** Half the round trip: the offset is right to within this many ms. */
  readonly uncertaintyMs: number;
  /** Some time service keeps it; undefined: cannot be told. */
  readonly synchronized: boolean | undefined;
};

export type DiskState = {
  readonly total: number;
  readonly available: number;
  /** undefined: this file system does not count inodes. */
  readonly inodesAvailable: number | undefined;
};

export type ServerFacts = {
  /** The installed redis-server (or valkey-server); undefined: not installed. */
  readonly installed: { readonly path: string; readonly version: string } | undefined;
  /**
   * What the package manager would install, upstream version; undefined: nothing that it knows of, or not
   * asked (it is asked where no server is installed, or when the context says so: asking apt takes half a
   * second).
   */
  readonly available: string | undefined;
  /**
   * The server is linked with libsystemd, so it can tell systemd that it is ready, which its unit waits for;
   * undefined: that cannot be seen from its file, or nothing waits for it.
   */
  readonly notifies?: boolean | undefined;
  /** Its installation was begun and never finished. */
  readonly unfinished: boolean;
  /** The service user; undefined where the nodes run as the user who runs the steps. */
  readonly account: ServiceAccount | undefined;
};

/** A user and the group of the same name, by number; undefined: there is no such user, or group. */
export type ServiceAccount = { readonly uid: number | undefined; readonly gid: number | undefined };

/** `link`: a symbolic one, wherever it leads. `unreadable`: the user who reads the facts may not read it. */
export type UnusablePath = {
  readonly what: 'link' | 'directory' | 'unreadable' | 'other';
  /** The name of the user that it belongs to. */
  readonly owner: string;
};

/** Names are for people: two names may stand for one number. */
export type Ownership = {
  readonly mode: string;
  readonly owner: string;
  readonly group: string;
  readonly uid: number;
  readonly gid: number;
};

export type FileState = Ownership & {
  readonly content: string;
  /** Last modification, ms since the epoch by the host's clock. */
  readonly modified: number;
};

export type DirectoryState = Ownership & {
  /** Names of its entries, sorted. */
  readonly entries: readonly string[];
};

export type UnitState = {
  /** systemctl show: LoadState, ActiveState, SubState, UnitFileState. */
  readonly load: string;
  readonly active: string;
  readonly sub: string;
  readonly enabled: string;
  readonly mainPid: number;
  readonly restarts: number;
  /** The unit's files changed since systemd read them. */
  readonly needsReload: boolean;
  /** Files that change the unit next to its own, and what holds with them; missing where there are none. */
  readonly dropIns?: {
    readonly files: readonly string[];
    /** Properties of systemctl show, by name. */
    readonly effective: Readonly<Record<string, string>>;
  };
};

export type Listener = {
  /** IP address; `0.0.0.0` or `::` for all. */
  readonly address: string;
  readonly port: number;
  readonly pid: number | undefined;
  /** Process name, when it can be seen. */
  readonly process: string | undefined;
};

export type NetworkFacts = {
  /** In their shortest spelling, with the interface that has them ('' where it is not known). */
  readonly addresses: readonly { readonly address: string; readonly device: string }[];
  /** The address of the host's nodes is its own; undefined: it cannot tell. */
  readonly hasAddress: boolean | undefined;
  /** Outgoing connections get their ports from here; undefined: not known. */
  readonly outgoingPorts: readonly [first: number, last: number] | undefined;
  /** Except for these: `7000` or `7000-7005`. */
  readonly reservedPorts: readonly string[];
  /** Sockets on ports and bus ports of the inventory, in any state. */
  readonly sockets: readonly Socket[];
};

export type KernelFacts = {
  readonly overcommitMemory: number;
  readonly somaxconn: number;
  /** The chosen word of /sys/kernel/mm/transparent_hugepage/enabled; undefined: no such file. */
  readonly transparentHugepages: string | undefined;
  /** Whether the user who runs the steps may change them here: in containers often not. */
  readonly overcommitMemoryWritable: boolean;
  readonly somaxconnWritable: boolean;
  readonly transparentHugepagesWritable: boolean;
  /** What sysctl.d sets at boot, by key: the last file that names it wins (sysctl.d(5)). */
  readonly atBoot: Readonly<Record<string, { readonly value: string; readonly file: string }>>;
  /**
   * Connections that may wait for each listening socket, by port; the smallest. Empty where ss is not there.
   */
  readonly backlogs: Readonly<Record<number, number>>;
};

export type FirewallFacts = {
  /** Every place that may drop what comes in; all of those that drop have to let a packet through. */
  readonly gates: readonly GateState[];
  /** The tool's own tables in nftables, of any cluster, by their names. */
  readonly limits: Readonly<Record<string, LimitState>>;
  /** nft(8) is there. */
  readonly nft: boolean;
  /** All of it could be read; else there may be gates and tables that are not listed here. */
  readonly complete: boolean;
};

export type ProcessState = {
  readonly pid: number;
  /**
   * Where it works. `own`: in the node's data folder, by whatever name. `gone`: that folder was removed under
   * it, and what it holds is in its memory alone. `other`: elsewhere.
   */
  readonly folder: 'own' | 'gone' | 'other';
  /** The executable's path; ends in ` (deleted)` when it was replaced on disk while running. */
  readonly executable: string;
  readonly openFilesLimit: number;
  /** ms since the epoch by the host's clock; right to a second. */
  readonly started: number;
};

export type ForeignServer = {
  readonly pid: number;
  /** Keys it holds; undefined: it would not say. */
  readonly keys: number | undefined;
};

export type NodeData = {
  readonly folder: FolderState;
  /**
   * Another place than its own that holds data of this node, while its own holds none: its folder under the
   * other server (`server: redis` or `valkey`), or where an earlier version of the tool had it. Of the latter
   * `folder` tells.
   */
  readonly leftBehind: string | undefined;
  /** Folders next to its own that are named after it, as remedies name what they move away: `DIR.aside`. */
  readonly asides: readonly string[];
  /**
   * Its configuration where an earlier version of the tool had it; missing where there is none of this
   * cluster.
   */
  readonly former?: FormerNode;
};

/** What an earlier version of the tool left of a node, below folders of the server's user. */
export type FormerNode = {
  /** Its configuration, by its header of this cluster. */
  readonly configuration: string;
  /** What is in its data folder's place; undefined: nothing. */
  readonly folder:
    | {
        readonly kind: 'directory' | 'link' | 'other';
        /** It is moved by a mere renaming: nothing is mounted between it and the node's own place. */
        readonly isNear: boolean;
        /** The folder above it, without links. */
        readonly above: string;
      }
    | undefined;
};

/** A node's data folder, as the server's user sees it. */
export type FolderState =
  | { readonly kind: 'absent' }
  /** `path`, the folder or something in it, is there and cannot be read. */
  | { readonly kind: 'unreadable'; readonly path: string }
  | FolderContents;

export type FolderContents = {
  readonly kind: 'read';
  readonly isWritable: boolean;
  readonly identity: StoredIdentity;
  readonly dump: DataFile | undefined;
  /** The one append-only file of servers before 7.0, which later ones take over. */
  readonly single: DataFile | undefined;
  /** What the manifest of the append-only files names; undefined: there is no manifest. */
  readonly appendOnly: readonly AppendOnlyFile[] | undefined;
  /**
   * Files with data in appendonlydir that a server from 7.0 on starts without, and writes over: all of them
   * without a manifest, and increments that come after those of the manifest.
   */
  readonly unnamed?: readonly string[];
  /**
   * The file is there into which a server from 7.0 on writes after `appendonly` was switched on, until its
   * first rewrite is finished (aof.c, getTempIncrAofName): the manifest names what it had before, or there is
   * none.
   */
  readonly isSwitching?: true;
};

/** Who the node is by its own nodes.conf; unknown: the file is there and does not say. */
export type StoredIdentity =
  | { readonly kind: 'none' }
  | { readonly kind: 'unknown' }
  | {
      readonly kind: 'known';
      /** 40 hex digits. */
      readonly id: string;
      /** '' when it never knew its own. */
      readonly ip: string;
      readonly port: number;
      /** undefined: it is a master. */
      readonly masterId: string | undefined;
      readonly epoch: number;
      readonly ownsSlots: boolean;
      /** The 40-hex ids of the other nodes that it knows. */
      readonly peers: readonly string[];
      /** Where those of them are whose address it knows. */
      readonly peersAt: readonly { readonly ip: string; readonly port: number }[];
    };

export type DataFile = {
  readonly size: number;
  /** ms since the epoch by the host's clock; right to a second. */
  readonly modified: number;
  readonly format: DataFormat;
};

/** A file that the manifest names; `file` is undefined when it is not there. */
export type AppendOnlyFile = {
  readonly name: string;
  readonly type: 'base' | 'increment';
  readonly file: DataFile | undefined;
};
