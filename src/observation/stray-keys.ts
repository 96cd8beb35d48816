import type { StrayKeys } from '../checks/probe.ts';
import { ownLine, reachableNodes } from '../cluster/shape.ts';
import { compactSlots, expandRanges, slotCount } from '../cluster/slots.ts';
import type { ClusterView, ReachableView } from '../cluster/view.ts';
import { OperationError } from '../base/errors.ts';
import { findNode } from '../inventory/topology.ts';
import { isFailure, type RedisConnection, ReplyError } from '../redis/connection.ts';
import type { Session } from '../session/session.ts';

/**
 * Keys that masters hold of slots which they neither own nor import, by node id: no client is ever sent to
 * them. One node's numbers are of one moment (MULTI). Only masters of slots with keys are asked, and only
 * those of which the sums differ a second time, for the slots; no entry where the numbers are not known.
 */
export async function countStrayKeys(
  session: Session,
  view: ClusterView,
): Promise<Readonly<Record<string, StrayKeys>>> {
  const found = await Promise.all(
    reachableNodes(view).map(async (node) => [node.node, await countOn(session, node)] as const),
  );
  return Object.fromEntries(found.flatMap(([id, keys]) => (keys ? [[id, keys] as const] : [])));
}

async function countOn(session: Session, view: ReachableView): Promise<StrayKeys | undefined> {
  const own = ownLine(view);
  const node = findNode(session.inventory, view.node);
  if (!node || own?.role !== 'master' || own.slots.length === 0 || view.keys === 0) return undefined;
  const expected = [...expandRanges(own.slots), ...own.openSlots.map(({ slot }) => slot)];
  const known = new Set(expected);
  const others = Array.from({ length: slotCount }, (_, slot) => slot).filter((slot) => !known.has(slot));
  try {
    const connection = await session.redis(node);
    if (isFailure(connection)) return undefined;
    const [all = 0, ...counts] = await countIn(connection, [...known]);
    const stray = all - counts.reduce((sum, count) => sum + count, 0);
    if (Number.isNaN(stray) || stray <= 0) return undefined;
    const [, ...elsewhere] = await countIn(connection, others);
    return { keys: stray, slots: compactSlots(others.filter((_, index) => (elsewhere[index] ?? 0) > 0)) };
  } catch (error) {
    if (error instanceof OperationError || error instanceof ReplyError) return undefined;
    throw error;
  }
}

/** DBSIZE, then the keys in each slot; NaN where the server did not say. */
async function countIn(connection: RedisConnection, slots: readonly number[]): Promise<readonly number[]> {
  const replies = await connection.pipeline([
    ['MULTI'],
    ['DBSIZE'],
    ...slots.map((slot) => ['CLUSTER', 'COUNTKEYSINSLOT', slot]),
    ['EXEC'],
  ]);
  const counts = replies.at(-1);
  return Array.isArray(counts) ? counts.map(Number) : [Number.NaN];
}
