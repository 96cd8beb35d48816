/**
 * What is looked at where a node does not run; read by `script.ts`, judged by `cause.ts`. Texts hold no
 * secret.
 */
export type Evidence = {
  /** What systemd says of the unit; undefined for a plain daemon, or where systemd did not answer. */
  readonly unit: UnitEvidence | undefined;
  /**
   * The data folder and what is in it, two levels deep; undefined: it is not there, or could not be listed.
   */
  readonly entries: readonly Entry[] | undefined;
  /** The uid and gid that the server runs as; undefined: those of the user who runs the steps. */
  readonly server: { readonly uid: number; readonly gid: number } | undefined;
  /** nodes.conf as the server's user reads it; undefined: not there, or not readable. */
  readonly nodesConf: string | undefined;
  /** The result of the server's own check program; undefined: it was not run, or did not finish. */
  readonly aof: AofCheck | undefined;
  readonly dump: DumpCheck | undefined;
  /** Sockets of other processes on the node's port and bus port. */
  readonly holders: readonly Holder[];
  /**
   * What the server program printed when it was asked for its version and failed; undefined: it did not fail.
   */
  readonly programError: string | undefined;
  /** The host's IP addresses; undefined: they could not be read. */
  readonly addresses: readonly string[] | undefined;
  /** A folder stands where its log belongs. */
  readonly isLogFolder: boolean;
  /**
   * The last lines of the node's log and of its unit's journal, oldest first; the log only since the last
   * start.
   */
  readonly log: readonly string[];
  readonly journal: readonly string[];
};

export type UnitEvidence = {
  readonly load: string;
  readonly active: string;
  readonly sub: string;
  /** `success`, `exit-code`, `signal`, `core-dump`, `timeout`, `oom-kill`, … of the last run. */
  readonly result: string;
  /** The exit code, or the signal's number. */
  readonly status: number;
  /** The exit code of the unit's ExecCondition; 0 where it did not run. */
  readonly condition: number;
  readonly restarts: number;
  readonly dropIns: readonly string[];
};

export type Entry = {
  /** Below the data folder; '' is the folder itself. */
  readonly path: string;
  readonly kind: string;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
};

export type AofCheck = {
  /** The first file that is not valid to its end; undefined: all are, or the program did not say which. */
  readonly file: string | undefined;
  readonly size: number;
  readonly validUpTo: number;
  /** What stands after that, one character per byte; empty where the program did not say. */
  readonly rest: string;
  readonly valid: boolean;
  /** The program's last line. */
  readonly said: string;
};

/** The first and the last bytes of dump.rdb. */
export type DumpCheck = { readonly size: number; readonly head: string; readonly end: number };

export type Holder = {
  readonly port: number;
  readonly address: string;
  /** The other side of a connection; undefined for a listening socket. */
  readonly peer: string | undefined;
  readonly pid: number | undefined;
  readonly process: string | undefined;
};
