import type { Duplex } from 'node:stream';
import type { OperationError } from '../base/errors.ts';

/**
 * What the rest of the product knows of a host's command line. One Shell is one connection to one host
 * (or this machine); it knows nothing of Redis. Implementations: local, ssh2, openssh.
 */
export type Shell = {
  /** The host's name in the inventory, for messages. */
  readonly host: string;
  readonly transport: 'local' | 'ssh2' | 'openssh';
  /** Why this transport was taken, one clause, where there was a choice. */
  readonly reason?: string;
  /**
   * Runs a POSIX sh script on the host, once. The script and its input travel over stdin, never in argv or
   * environment, so both may hold secrets. Independent of the login shell.
   * A non-zero exit is a result, not an error. Throws OperationError when the connection is lost, the
   * deadline passes or privilege is refused.
   */
  run(request: RunRequest): Promise<RunResult>;
  /**
   * Opens a byte stream to `address:port` as seen from the host (direct-tcpip over SSH, a socket locally).
   * Throws OperationError: the port is closed, or forwarding is forbidden and no fallback works.
   */
  forward(address: string, port: number): Promise<Duplex>;
  /** Ends the connection; resolves also when it is already gone. */
  close(): Promise<void>;
  /** What a change on this host has to pass; undefined where no lock is held (commands that only read). */
  readonly guard?: ChangeGuard;
};

/** Stands between a command that holds the cluster's lock and every change that it makes. */
export type ChangeGuard = {
  /**
   * Called right before a change is begun. Throws OperationError when the lock can no longer be counted on.
   */
  readonly demand: () => void;
  /** A sh command, run on the host right before each change: it fails unless the lock is still held there. */
  readonly fence: string;
  /** Called when `fence` failed, so nothing was begun. Resolves to the error to throw. */
  readonly fenced: () => OperationError;
  /** Takes account of a change that was begun, for what is said at the end of the command. */
  readonly note: (change: string) => void;
};

export type RunRequest = {
  /** POSIX sh; `set -eu` is not implied. */
  readonly script: string;
  /** What the script reads on its stdin. */
  readonly stdin?: string | Uint8Array;
  /**
   * Run as root by the host's `become` method (sudo, doas, or already root); `try`: as the login user where
   * root is not available. Ignored by the local shell.
   */
  readonly asRoot?: boolean | 'try';
  /** Deadline in ms; default 60 000. The remote script is killed when it passes. */
  readonly timeoutMs?: number;
  /** Called with each complete line of stdout as it arrives. */
  readonly onLine?: (line: string) => void;
  readonly signal?: AbortSignal;
};

export type RunResult = {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
};
