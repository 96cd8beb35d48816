import type { Inventory } from '../../inventory/inventory.ts';
import { membersOf, reachableNodes, shardsOf } from '../shape.ts';
import type { Member, Shard } from '../shape.ts';
import type { NodeTopology, TopologyView } from '../view.ts';
import { drainedHosts } from './drained.ts';

/**
 * What every decision about a failover is made from: the inventory, one view, and what was derived of them.
 */
export type Situation = {
  readonly inventory: Inventory;
  readonly view: TopologyView;
  readonly members: readonly Member[];
  readonly shards: readonly Shard[];
  /** Hosts whose nodes must not become masters. */
  readonly drained: readonly string[];
  /** Bytes of the replication stream that a replica may be behind and still count as in sync. */
  readonly maxLag: number;
};

/** A lag that a graceful failover makes up well within its 5 s, and that a snapshot under load can show. */
const defaultMaxLag = 10 * 1024 * 1024;

export function situationOf(
  inventory: Inventory,
  view: TopologyView,
  {
    maxLag = defaultMaxLag,
    drained = [],
  }: { readonly maxLag?: number; readonly drained?: readonly string[] } = {},
): Situation {
  return {
    inventory,
    view,
    members: membersOf(inventory, view),
    shards: shardsOf(inventory, view),
    drained: [...new Set([...drained, ...drainedHosts(inventory, view)])],
    maxLag,
  };
}

export function viewOf(situation: Situation, member: Member): NodeTopology | undefined {
  return reachableNodes(situation.view).find(({ node }) => node === member.node.id);
}

/**
 * Says how a node that does not answer comes back: a process that is there does not by being started.
 */
export function bringBack(situation: Situation, id: string): string {
  const seen = situation.view.nodes.find(({ node }) => node === id);
  const isThere = seen?.reachable === false && seen.failure !== 'refused' && seen.failure !== 'host';
  return isThere
    ? `Its process is there (${seen.reason}): weedgo-redis verify says how it answers again.`
    : `Start ${id} first.`;
}

export function memberOf(situation: Situation, node: string): Member | undefined {
  return situation.members.find((member) => member.node.id === node);
}

/** The shard that a node is master or replica of. */
export function shardWith(situation: Situation, node: string): Shard | undefined {
  return situation.shards.find(({ master, replicas }) =>
    [master, ...replicas].some((member) => member.node.id === node),
  );
}

/** The bytes of its master's stream that a replica says it has applied; undefined: it does not respond. */
export function offsetOf(situation: Situation, member: Member): number | undefined {
  const info = viewOf(situation, member)?.info;
  const offset = info?.[info['role'] === 'slave' ? 'slave_repl_offset' : 'master_repl_offset'];
  return offset === undefined ? undefined : Number(offset);
}

/**
 * Bytes that a replica is behind its master; never negative (the two are read a moment apart), undefined when
 * one of them does not respond.
 */
export function lagOf(situation: Situation, shard: Shard, replica: Member): number | undefined {
  const ahead = offsetOf(situation, shard.master);
  const behind = offsetOf(situation, replica);
  return ahead === undefined || behind === undefined ? undefined : Math.max(0, ahead - behind);
}
