import { outOfSync } from '../cluster/failover/sync.ts';
import type { Session } from '../session/session.ts';
import { lookAround } from './look.ts';

/** A shard as an operator chooses from. Node names are the inventory's. */
export type ShardRow = {
  readonly number: number;
  readonly master: string;
  readonly replicas: readonly { readonly node: string; readonly state: string }[];
};

/** The shards as they are now; reads only. */
export async function describeShards(session: Session): Promise<readonly ShardRow[]> {
  const situation = await lookAround(session);
  return situation.shards.map(({ number, master, replicas }) => ({
    number,
    master: master.node.id,
    replicas: replicas.map(({ node }) => ({
      node: node.id,
      state: outOfSync(situation, node.id) ?? 'in sync',
    })),
  }));
}
