import * as z from 'zod';
import { OperationError } from '../../base/errors.ts';
import { shQuote } from '../../base/sh.ts';
import type { Station } from '../stations.ts';
import { beatSeconds, lockInput, lockScript, parseLockAnswer } from './script.ts';
import type { LockAction, LockAnswer } from './script.ts';

const recordSchema = z.object({
  /** `user@machine` */
  owner: z.string(),
  /** What is being done, as `failover redis1:7000`. */
  reason: z.string(),
  /** ISO 8601, by the holder's clock. */
  since: z.string(),
  /** Id of the holder's run; the audit log has the same. */
  run: z.string(),
  process: z.object({ pid: z.number(), startedAt: z.string(), machine: z.string() }).optional(),
});

/** Who holds a lock, as its file says. */
export type LockRecord = Readonly<z.infer<typeof recordSchema>>;

export type LockQuestion = {
  readonly action: LockAction;
  readonly record: LockRecord;
  /** The boot id that the acquisition answered; for a beat. */
  readonly boot?: string;
};

/**
 * Asks one host. Throws OperationError: the connection is lost, the lock's folder cannot be written, or the
 * lock is damaged.
 */
export async function askLock(
  { host, shell, locations }: Station,
  { action, record, boot = '' }: LockQuestion,
): Promise<LockAnswer> {
  const request = { paths: locations, token: record.run, boot, record: JSON.stringify(record) };
  const { code, stdout, stderr } = await shell.run({
    script: lockScript,
    stdin: lockInput(action, request),
    asRoot: true,
    timeoutMs: action === 'beat' || action === 'release' ? beatSeconds * 1000 : 15_000,
  });
  const answer = code === 0 ? parseLockAnswer(stdout) : undefined;
  if (answer?.kind === 'damaged') throw damaged(host, locations.lock);
  if (answer) return answer;
  throw new OperationError(`the lock ${locations.lock} cannot be written (exit ${code}): ${stderr.trim()}`, {
    host,
    hints: ['The lock needs a writable folder and flock (util-linux) on the host.'],
  });
}

const damaged = (host: string, lock: string): OperationError =>
  new OperationError(`the lock ${lock} is damaged: it is not a file that weedgo-redis wrote`, {
    host,
    hints: [
      'Make sure that no other command changes the cluster: weedgo-redis history',
      `Then remove it on ${host}: rm -r ${shQuote(lock)}`,
    ],
  });

/** A record that cannot be read still has somebody behind it. */
export function parseLockRecord(text: string): LockRecord {
  try {
    return recordSchema.parse(JSON.parse(text));
  } catch {
    return { owner: 'somebody', reason: 'an unknown command', since: 'an unknown time', run: '' };
  }
}
