/** What one host is asked for; follows from the inventory and the layout (`factsContext`). */
export type FactsContext = {
  readonly server: 'redis' | 'valkey';
  /** undefined: the nodes run as the user who runs the steps. */
  readonly serviceUser: string | undefined;
  /** Managed files and directories, and the folders whose free space matters: absolute paths. */
  readonly files: readonly string[];
  readonly directories: readonly string[];
  readonly disks: readonly string[];
  /** Units of ours, then the distribution's that could be in the way; empty on local hosts. */
  readonly units: readonly string[];
  readonly distributionUnits: readonly string[];
  /** Where the host's nodes listen. */
  readonly address: string;
  /** Node ports and bus ports. */
  readonly ports: readonly number[];
  readonly nodes: readonly NodePlace[];
  /** Ask the package manager what it would install even where a server is installed. */
  readonly askPackages: boolean;
};

/** Where a node's process is found: its unit's main process, or the one its pid file names. */
export type NodePlace = {
  readonly node: string;
  readonly dataDirectory: string;
  readonly logFile: string;
  /**
   * Where the node would be with the other server of the inventory's key `server`, and where earlier versions
   * of the tool had it; undefined for local hosts.
   */
  readonly elsewhere?: {
    readonly cluster: string;
    readonly other: Elsewhere;
    readonly former: Elsewhere;
  };
} & ({ readonly unit: string } | { readonly pidFile: string });

export type Elsewhere = { readonly configFile: string; readonly dataDirectory: string };

/** The operator's clock around the round trip, ms since the epoch. */
export type Instants = { readonly sent: number; readonly received: number };

/**
 * One thing to know about a host. `script` is POSIX sh that needs nothing but coreutils, grep and sed (with
 * fallbacks, where even those differ) and prints UTF-8 lines. What a host may well not have it leaves out; it
 * fails where it could not look, so that this is never taken for nothing being there. It starts as few
 * processes as it can: they are what reading facts costs. `parse` reads what it printed and throws an Error
 * where that makes no sense.
 */
export type Fact<Value> = {
  /** sh that sets variables for several facts' scripts; runs once, before all of them. */
  readonly prepare?: (context: FactsContext) => string;
  readonly script: (context: FactsContext) => string;
  readonly parse: (output: string, context: FactsContext, instants: Instants) => Value;
};
