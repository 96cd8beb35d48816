import type { PackageManager } from './step.ts';

/** What is on one host, read in one round trip. Sizes in bytes. */
export type Facts = {
  readonly os: {
    /** /etc/os-release ID and VERSION_ID, as `debian`, `12`. */
    readonly id: string;
    readonly versionId: string;
    readonly prettyName: string;
    readonly packageManager: PackageManager | undefined;
    /** systemd is PID 1. */
    readonly systemd: boolean;
    readonly kernel: string;
  };
  /** The user that the steps would run as, after become. */
  readonly effectiveUser: { readonly name: string; readonly uid: number; readonly home: string };
  readonly cpus: number;
  readonly memory: {
    /** The smaller of MemTotal and the cgroup's limit. */
    readonly total: number;
    readonly available: number;
    readonly swapTotal: number;
  };
  readonly clock: {
    /** The host's time, ms since the epoch. */
    readonly now: number;
    readonly synchronized: boolean | undefined;
  };
  /** Free space where data, configuration and logs (will) live, by path of the layout. */
  readonly disks: Readonly<
    Record<string, { readonly total: number; readonly available: number; readonly inodesAvailable: number }>
  >;
  readonly server: {
    /** The installed redis-server (or valkey-server); undefined: not installed. */
    readonly installed: { readonly path: string; readonly version: string } | undefined;
    /** What the package manager would install, upstream version; undefined: nothing. */
    readonly available: string | undefined;
    /** The service user exists. */
    readonly userExists: boolean;
  };
  /** Managed files that are there, by path. */
  readonly files: Readonly<Record<string, FileState>>;
  /** Managed directories that are there, by path. */
  readonly directories: Readonly<Record<string, DirectoryState>>;
  /** Units of ours and of the distribution's that could be in the way, by unit name; empty without systemd. */
  readonly units: Readonly<Record<string, UnitState>>;
  /** TCP sockets in LISTEN on ports and bus ports of the inventory. */
  readonly listeners: readonly Listener[];
  readonly kernel: {
    readonly overcommitMemory: number;
    readonly somaxconn: number;
    /** The chosen word of /sys/kernel/mm/transparent_hugepage/enabled; undefined: no such file. */
    readonly transparentHugepages: string | undefined;
    readonly transparentHugepagesWritable: boolean;
  };
  readonly firewall: {
    readonly ufw: boolean;
    readonly firewalld: boolean;
    /** An nftables or iptables input chain that drops by default. */
    readonly inputDrops: boolean;
  };
  /** The nodes' running processes, by inventory node id; only those that run. */
  readonly processes: Readonly<Record<string, ProcessState>>;
};

export type FileState = {
  readonly mode: string;
  readonly owner: string;
  readonly group: string;
  readonly content: string;
};

export type DirectoryState = {
  readonly mode: string;
  readonly owner: string;
  readonly group: string;
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
};

export type Listener = {
  readonly address: string;
  readonly port: number;
  readonly pid: number | undefined;
  /** Process name, when it can be seen. */
  readonly process: string | undefined;
};

export type ProcessState = {
  readonly pid: number;
  /** The executable's path; ends in ` (deleted)` when it was replaced on disk while running. */
  readonly executable: string;
  readonly openFilesLimit: number;
};
