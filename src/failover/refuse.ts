import type { Reason } from '../cluster/failover/reason.ts';
import { seatsOf, swapAll } from '../cluster/failover/outlook.ts';
import { fatalHosts } from '../cluster/failover/resilience.ts';
import type { HostLoss } from '../cluster/failover/resilience.ts';
import type { Situation } from '../cluster/failover/situation.ts';
import type { Choice } from '../cluster/failover/target.ts';
import { RefusedError } from '../base/errors.ts';
import { demandYes } from '../session/approval.ts';
import type { Approval } from '../session/approval.ts';

/** Throws RefusedError with every reason and what to do about each; nothing when there is none. */
export function refuseFor(reasons: readonly Reason[], doing: string): void {
  const distinct = [...new Map(reasons.map((reason) => [reason.message, reason])).values()];
  if (distinct.length === 0) return;
  throw new RefusedError(`${doing} is refused: ${distinct.map(({ message }) => message).join('; ')}`, {
    hints: [...new Set(distinct.flatMap(({ hints }) => hints))],
  });
}

/** The hosts whose loss the cluster would survive now and would not any more after these failovers. */
export function newlyFatal({ inventory, view }: Situation, choices: readonly Choice[]): readonly HostLoss[] {
  const before = seatsOf(inventory, view);
  const after = swapAll(before, choices);
  const known = new Set(fatalHosts(inventory, before).map(({ host }) => host));
  return fatalHosts(inventory, after).filter(({ host }) => !known.has(host));
}

const describeFatal = ({ host, why }: HostLoss): string =>
  `the cluster would not survive the loss of ${host}: ${why}`;

/** Says what the layout would no longer survive, and demands a yes to it. */
export async function demandFragility(approval: Approval, losses: readonly HostLoss[]): Promise<void> {
  if (losses.length === 0) return;
  await demandYes(approval, {
    statements: losses.map((loss) => `after this ${describeFatal(loss)}`),
    question: 'Continue?',
  });
}
