import { type CheckResult, runChecks } from '../../checks/run.ts';
import { HostsFailedError, OperationError } from '../../base/errors.ts';
import { pause } from '../../base/wait.ts';
import { buildReport } from '../../report/report.ts';
import type { Report } from '../../report/schema.ts';
import type { Session } from '../../session/session.ts';
import { type Look, type Parts, look, lookAgain } from '../../observation/look.ts';
import { runWriteTest } from './write-test.ts';

export type VerifyOptions = {
  /** Write, read and remove a key in every shard. */
  readonly writeTest: boolean;
  /** How long to look again for what passes by itself, ms; 0: report it at once. */
  readonly settleMs: number;
  /** The halves of the first look that the caller takes anyway. */
  readonly parts?: Parts;
};

/** Gossip brings a change to every node within 0.6 to 4.4 s (measured after failovers). */
export const defaultSettleMs = 6000;
const intervalMs = 500;

/**
 * Looks at every host and node and checks everything. Read-only except for the keys of `writeTest`. Looks
 * again at the nodes while a finding is one that the cluster fixes by itself, until none is left or
 * `settleMs` have passed, and then once more at everything. Throws HostsFailedError or OperationError when
 * nothing at all could be looked at.
 */
export async function verify(
  session: Session,
  { writeTest, settleMs, parts }: VerifyOptions,
): Promise<Report> {
  const startedAt = Date.now();
  const start = performance.now();
  let seen = await look(session, parts);
  requireSight(session, seen);
  let results = runChecks({ ...seen, writeTest: undefined });
  let looks = 1;
  // A silent node alone can take longer than that to be given up.
  const settled = performance.now() + settleMs;
  while (isPassing(results) && performance.now() < settled) {
    await pause(intervalMs, session.signal);
    seen = await lookAgain(session, seen);
    results = runChecks({ ...seen, writeTest: undefined });
    looks += 1;
  }
  // What remains may rest on what the hosts were like seconds ago.
  if (looks > 1 && isPassing(results)) {
    seen = { ...(await look(session)), first: seen.first };
    results = runChecks({ ...seen, writeTest: undefined });
  }
  const input = { ...seen, writeTest: writeTest ? await runWriteTest(session, seen.view) : undefined };
  const durationMs = performance.now() - start;
  return buildReport(input, writeTest ? runChecks(input) : results, { startedAt, durationMs, looks });
}

/** What follows from something that does not pass does not pass either. */
function isPassing(results: readonly CheckResult[]): boolean {
  return results.some(({ findings }) =>
    findings.some(({ passing, explainedBy }) => passing === true && explainedBy === undefined),
  );
}

/**
 * With neither a host nor a node in sight there is nothing to report on: that is a failure, not a finding.
 */
function requireSight({ unreachable }: Session, { hosts, view }: Look): void {
  const isBlind = Object.values(hosts).every(({ reachable }) => !reachable);
  if (!isBlind || view.nodes.some(({ reachable }) => reachable)) return;
  const failures = [...unreachable.values()];
  if (failures.length > 0) throw new HostsFailedError('connecting', failures);
  const reasons = Object.entries(hosts).map(
    ([name, host]) => `${name}: ${host.reachable ? '' : host.reason}`,
  );
  throw new OperationError('no host could be asked', { hints: reasons });
}
