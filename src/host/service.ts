/** How one node's process is run. */
export type Service = SystemdService | DaemonService;

/** A systemd unit on an SSH host, `weedgo-redis@7000.service`. */
export type SystemdService = {
  readonly manager: 'systemd';
  readonly node: string;
  readonly unit: string;
  readonly port: number;
  readonly logFile: string;
  /** The log's owner; the tool reads the log as this user. */
  readonly serviceUser: string | undefined;
};

/** A plain daemon of an ordinary user on this machine. */
export type DaemonService = {
  readonly manager: 'daemon';
  readonly node: string;
  readonly configFile: string;
  readonly pidFile: string;
  readonly dataDirectory: string;
  readonly port: number;
  readonly logFile: string;
  readonly serverPath: string;
};
