import type { NeededReplicas } from '../../cluster/failover/needed-replicas.ts';
import type { Situation } from '../../cluster/failover/situation.ts';
import { OperationError } from '../../errors.ts';
import { isFailure } from '../../redis/connection.ts';
import type { Session } from '../session.ts';

/** Asks every master how many replicas it wants before it takes writes; one round trip each. */
export async function readNeededReplicas(session: Session, { shards }: Situation): Promise<NeededReplicas> {
  const read = shards.map(async ({ master }) => {
    const connection = await session.redis(master.node);
    if (isFailure(connection)) return [master.nodeId, undefined] as const;
    try {
      // 6.2 and later know this name; Valkey lists it as well.
      const reply = await connection.call(['CONFIG', 'GET', 'min-replicas-to-write']);
      const value = Array.isArray(reply) && reply.length > 1 ? Number(reply[1]) : Number.NaN;
      return [master.nodeId, Number.isNaN(value) ? undefined : value] as const;
    } catch (error) {
      if (error instanceof OperationError) return [master.nodeId, undefined] as const;
      throw error;
    }
  });
  return new Map(await Promise.all(read));
}
