import type { Situation } from '../cluster/failover/situation.ts';
import type { Verdict } from '../cluster/failover/replacement.ts';
import type { Member } from '../cluster/shape.ts';
import { OperationError } from '../base/errors.ts';
import { observeTopology } from '../redis/observe.ts';
import { DeadlineError, withDeadline } from '../redis/deadline.ts';
import { pause } from '../base/wait.ts';
import type { Session } from '../session/session.ts';
import { answering } from './look.ts';
import { proveDeath } from './prove-death.ts';
import { signsOfLife } from './signs-of-life.ts';

/** Keeps a master under watch that was proven dead, for as long as something may replace it. */
export type Vigil = {
  /** Proves its death again. Throws OperationError when that does not succeed. */
  readonly demandDead: () => Promise<void>;
  /** Resolves to the first sign of life, as a clause; to undefined once `until` is aborted. */
  readonly watch: (until: AbortSignal) => Promise<string | undefined>;
};

/** A proof that has just been finished need not be repeated: one of a host takes the witnesses 3 s. */
const freshMs = 1000;

/**
 * A master that was started again takes no writes for its first 2 s (CLUSTER_WRITABLE_DELAY in cluster.c):
 * seen within that time it has lost nothing yet.
 */
const watchMs = 200;
const answerMs = 1000;

/** `provenAt`: when the last proof was begun to be relied on, by performance.now(). */
export function keepVigil(
  session: Session,
  situation: Situation,
  { master, provenAt }: { readonly master: Member; readonly provenAt: number },
): Vigil {
  const asked = session.inventory.nodes.filter(({ id }) => answering(situation).has(id));
  const look = (): ReturnType<typeof observeTopology> =>
    observeTopology(asked, session.redis, { timeoutMs: answerMs });
  let proven = provenAt;
  return {
    demandDead: async () => {
      if (performance.now() - proven < freshMs) return;
      const verdict = await proveDeath(session, situation, master);
      if (verdict.kind !== 'dead') throw notDead(master, verdict);
      proven = performance.now();
    },
    watch: async (until) => {
      let before = await look();
      while (!until.aborted) {
        if (await listens(session, master)) return `${master.node.id} accepts connections again`;
        const now = await look();
        const [sign] = signsOfLife(before, now, master);
        if (sign !== undefined) return sign;
        before = now;
        await pause(watchMs, until).catch(() => undefined);
      }
      return undefined;
    },
  };
}

/**
 * Whether its port opens, from its own host; false also where that host cannot be connected: the bus may
 * tell.
 */
async function listens({ shells }: Session, { node }: Member): Promise<boolean> {
  const opening = shells.get(node.host)?.forward(node.address, node.port);
  if (!opening) return false;
  try {
    (await withDeadline(opening, answerMs)).destroy();
    return true;
  } catch (error) {
    if (error instanceof DeadlineError) opening.then((late) => late.destroy()).catch(() => undefined);
    else if (!(error instanceof OperationError)) throw error;
    return false;
  }
}

function notDead({ node }: Member, { kind, why }: Exclude<Verdict, { kind: 'dead' }>): OperationError {
  const what = kind === 'alive' ? 'is alive again' : 'is no longer proven dead';
  return aliveAgain(node.id, `${what}: ${why}`);
}

/** What a replacement that was given up says. */
export function aliveAgain(id: string, what: string): OperationError {
  return new OperationError(`${id} ${what}; it was not replaced`, {
    node: id,
    hints: [
      `${id} keeps its slots, and the replica follows it again: nothing was lost by this command.`,
      `Run weedgo-redis failover ${id} without --force: while it is alive that loses nothing.`,
    ],
  });
}
