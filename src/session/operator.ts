import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { ownName } from '../base/me.ts';

/** A process that others on the same machine can look for. */
export type OperatorProcess = {
  readonly pid: number;
  /** Kernel ticks at which it started: a pid is used again, the pair is not. */
  readonly startedAt: string;
  /** The kernel's boot and the pid namespace that the pid is of. */
  readonly machine: string;
};

/** `user@machine` of the user who runs this process, as locks and the audit log name them. */
export function describeOperator(): string {
  return `${userName()}@${hostname()}`;
}

/** This process; undefined where there is no /proc. */
export function operatorProcess(): OperatorProcess | undefined {
  try {
    return { pid: process.pid, startedAt: startOf(process.pid), machine: machineId() };
  } catch {
    return undefined;
  }
}

/** Whether that process ran on this very machine and is gone; false whenever it cannot be told. */
export function isProvablyGone({ pid, startedAt, machine }: OperatorProcess): boolean {
  try {
    if (machineId() !== machine) return false;
  } catch {
    return false;
  }
  try {
    return startOf(pid) !== startedAt;
  } catch (error) {
    return hasCode(error, 'ENOENT') && !mayExist(pid);
  }
}

/**
 * Where /proc is mounted with hidepid, other users' processes are missing there. A signal says whether they
 * exist.
 */
function mayExist(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !hasCode(error, 'ESRCH');
  }
}

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;

/** A container shares the boot id with its neighbours but not the pid namespace. */
function machineId(): string {
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
}

/** The 22nd field of /proc/PID/stat; the name before it, in parentheses, may hold anything (proc(5)). */
function startOf(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

const userName = (): string => ownName() ?? `uid ${process.getuid?.() ?? '?'}`;
