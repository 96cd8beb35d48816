import { offsetOf } from '../cluster/failover/situation.ts';
import type { Situation } from '../cluster/failover/situation.ts';
import type { Choice } from '../cluster/failover/target.ts';
import { numberIn, parseInfo } from '../cluster/parse.ts';
import { RefusedError } from '../base/errors.ts';
import { isFailure } from '../redis/connection.ts';
import { pause } from '../base/wait.ts';
import type { Session } from '../session/session.ts';

/** A healthy replica applies what its master had a moment ago within ms. */
const patienceMs = 3_000;

/**
 * Waits until a replica has applied what its master had at the time of the look. A replica that is linked but
 * stands still (its writes paused, a stuck script) would have the master hold back all writes for 5 s, for
 * nothing. Throws RefusedError when it does not get there.
 */
export async function awaitCaughtUp(
  session: Session,
  situation: Situation,
  { shard, replica }: Choice,
): Promise<void> {
  const goal = offsetOf(situation, shard.master);
  const connection = replica && (await session.redis(replica.node));
  if (!replica || !connection) return;
  // Not knowing how far one of them is is no reason to go on.
  if (goal === undefined || isFailure(connection)) {
    const id = goal === undefined ? shard.master.node.id : replica.node.id;
    throw new RefusedError(`${id} does not say how far it has come`, {
      node: id,
      hints: ['Run the same command again; weedgo-redis verify names the cause when it stays.'],
    });
  }
  const deadline = performance.now() + patienceMs;
  let applied: number | undefined;
  while (performance.now() < deadline) {
    const info = parseInfo(String(await connection.call(['INFO', 'replication'])));
    applied = numberIn(info, 'slave_repl_offset');
    if (applied !== undefined && applied >= goal) return;
    await pause(20, session.signal);
  }
  const { id } = replica.node;
  throw new RefusedError(
    `${id} is linked but does not follow: it stands at offset ${applied ?? 'unknown'} and its master was at ${goal} ${patienceMs / 1000} s ago`,
    { hints: [`Look at ${id}: a paused client list (CLIENT UNPAUSE), a long script, no processor time.`] },
  );
}
