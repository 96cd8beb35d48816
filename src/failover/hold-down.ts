import { viewOf } from '../cluster/failover/situation.ts';
import type { Situation } from '../cluster/failover/situation.ts';
import type { Death, Verdict } from '../cluster/failover/replacement.ts';
import type { Member } from '../cluster/shape.ts';
import { OperationError } from '../base/errors.ts';
import type { Session } from '../session/session.ts';
import { fence } from './fence.ts';
import type { Fence } from './fence.ts';
import { proveDeath } from './prove-death.ts';
import { aliveAgain, keepVigil } from './vigil.ts';
import type { Vigil } from './vigil.ts';

/** How a master is kept from serving while it is replaced. */
export type HeldDown = {
  readonly death: Death | undefined;
  readonly fenced: Fence | undefined;
  /** undefined: it may be alive, and the operator has agreed to that by name. */
  readonly vigil: Vigil | undefined;
};

export type Judged = {
  readonly master: Member;
  readonly verdict: Verdict;
  /** When that was found, by performance.now(). */
  readonly provenAt: number;
};

/**
 * Stops a master that does not respond, where its host can be connected, and keeps it under watch once its
 * death is proven. One that responds is left alone: the election demotes it. Throws OperationError when it
 * was dead and is alive again, or could not be stopped.
 */
export async function holdDown(
  session: Session,
  situation: Situation,
  { master, verdict, provenAt }: Judged,
): Promise<HeldDown> {
  const held = { death: verdict.kind === 'dead' ? verdict.death : undefined, fenced: undefined };
  if (viewOf(situation, master)) return { ...held, vigil: undefined };
  const vigil = keepVigil(session, situation, { master, provenAt });
  if (held.death?.kind === 'host') return { ...held, vigil };
  // A fence must not stop what nobody agreed to stop: what came back since the proof stays.
  if (held.death) await vigil.demandDead();
  const fenced = await tryFence(session, master, verdict);
  const now = await proveDeath(session, situation, master);
  if (now.kind === 'dead') {
    const proven = { master, provenAt: performance.now() };
    return { death: now.death, fenced, vigil: keepVigil(session, situation, proven) };
  }
  if (held.death) throw aliveAgain(master.node.id, `is alive again: ${now.why}`);
  return { death: undefined, fenced, vigil: undefined };
}

/** Where nothing is known of it, a host that refuses is no worse than one that is not connected. */
async function tryFence(session: Session, master: Member, { kind }: Verdict): Promise<Fence | undefined> {
  try {
    return await fence(session, master);
  } catch (error) {
    if (!(error instanceof OperationError) || kind !== 'unknown') throw error;
    const message = `${master.node.id} could not be stopped before it is replaced: ${error.message}`;
    session.emit({ type: 'warning', node: master.node.id, message });
    return undefined;
  }
}
