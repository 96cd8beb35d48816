import { judgeLoss } from '../../checks/lost-shard.ts';
import type { LostShards } from '../../cluster/lost.ts';
import { compactSlots, expandRanges, describeRanges } from '../../cluster/slots.ts';
import { UsageError } from '../../base/errors.ts';
import { type Approval, demandName } from '../../session/approval.ts';
import { readHeldSlots } from '../call/held-slots.ts';
import { refuseFor } from '../../failover/refuse.ts';
import { observe, type Observation } from '../../observation/observe.ts';
import type { Session } from '../../session/session.ts';

/** Shards that are to start again without their keys, and the means to ask for their names. */
export type LossRequest = { readonly shards: readonly number[]; readonly approval: Approval };

/** Throws UsageError for a shard that the inventory does not have. */
export function requireShards({ inventory }: Session, { shards }: LossRequest): void {
  const known = [...new Set(inventory.nodes.map(({ shard }) => shard))];
  const unknown = inventory.mode === 'cluster' ? shards.filter((shard) => !known.includes(shard)) : shards;
  if (unknown.length === 0) return;
  throw new UsageError(`there is no shard ${unknown.join(', ')} in the inventory`, {
    hints: inventory.mode === 'cluster' ? [`Its shards: ${known.join(', ')}.`] : [],
  });
}

/**
 * Demands that the shards' names are typed, with what proves that their data is gone. Throws RefusedError,
 * with nothing changed, where that is not proven or not confirmed.
 */
export async function confirmLoss(session: Session, { shards, approval }: LossRequest): Promise<void> {
  const { lost, evidence } = await demandLoss(session, await observe(session), shards);
  const name = shards.map((shard) => `shard-${shard}`).join(',');
  await demandName(approval, {
    name,
    details: evidence,
    statements: [
      `the keys of shard ${shards.join(' and ')} (slots ${describeRanges(lost.slots)}) are lost, and it starts without them`,
    ],
    question: `Type ${name} to continue: `,
  });
}

/**
 * What is lost of these shards. Throws RefusedError, naming every reason, where their data is not proven to
 * be gone.
 */
export async function demandLoss(
  session: Session,
  { view, facts }: Observation,
  shards: readonly number[],
): Promise<{ readonly lost: LostShards; readonly evidence: readonly string[] }> {
  const { inventory } = session;
  const scene = { inventory, view, factsOf: (host: string) => facts.get(host) };
  const { lost, blockers, evidence } = judgeLoss(scene, shards);
  const doing = `starting shard ${shards.join(' and ')} without its keys`;
  refuseFor(blockers, doing);
  const slots = expandRanges(lost.slots);
  const held = await readHeldSlots(session, inventory.nodes, slots);
  refuseFor(
    [...held]
      .filter(([, each]) => each.size > 0)
      .map(([node, each]) => ({
        code: 'only-copy',
        message: `${node} holds keys of slots ${describeRanges(compactSlots(each))}`,
        hints: [`Save them first, or give these slots to ${node}: weedgo-redis verify says how.`],
      })),
    doing,
  );
  return { lost, evidence };
}
