import { seatsOf } from '../cluster/failover/outlook.ts';
import type { Situation } from '../cluster/failover/situation.ts';
import { describeGood, refusedByRestarts } from '../cluster/failover/writes.ts';
import { demandYes } from '../session/approval.ts';
import type { Approval } from '../session/approval.ts';

/**
 * Shards that refuse writes while one of these nodes restarts, as sentences: with min-replicas-to-write the
 * master of the only replica takes none until that one is back. Empty: no write is refused.
 */
export function describeWritePauses(
  { inventory, view }: Situation,
  nodes: readonly string[],
): readonly string[] {
  const refused = refusedByRestarts(seatsOf(inventory, view), nodes);
  const [first] = refused;
  if (!first) return [];
  const shards = [...new Set(refused.map(({ number }) => number))];
  if (refused.length === 1)
    return [`while ${first.node.id} restarts, shard ${first.number} refuses writes: ${describeGood(first)}`];
  const names = refused.map(({ node }) => node.id).join(', ');
  const what =
    shards.length === 1
      ? `shard ${shards.join('')} refuses writes`
      : `its shard (${shards.join(', ')}) refuses writes`;
  return [
    `while each of ${names} restarts, ${what}: fewer replicas in sync are left than min-replicas-to-write asks for`,
  ];
}

/** Says which shards refuse writes meanwhile, and demands a yes to it. */
export async function demandPauses(
  situation: Situation,
  nodes: readonly string[],
  approval: Approval,
): Promise<void> {
  const statements = describeWritePauses(situation, nodes);
  if (statements.length === 0) return;
  const hints = ['Or lower min-replicas-to-write in the inventory first and run `weedgo-redis provision`.'];
  await demandYes(approval, { statements, hints, question: 'Restart?' });
}
