import { UsageError } from '../../base/errors.ts';
import type { Host, Inventory, Node } from '../../inventory/inventory.ts';
import type { Member, Shard } from '../shape.ts';
import { rankReplicas, rankSurvivors } from './candidate.ts';
import { shardWith } from './situation.ts';
import type { Situation } from './situation.ts';

/**
 * What an operator named: a node, a shard by its number, or a host. heir: the node that is to be the master
 * of its shard, which it may be already.
 */
export type Target =
  | { readonly kind: 'heir'; readonly node: Node }
  | { readonly kind: 'node'; readonly node: Node }
  | { readonly kind: 'shard'; readonly number: number }
  | { readonly kind: 'host'; readonly host: Host };

/** One failover to do: `replica` takes over from the shard's master. */
export type Choice = {
  readonly shard: Shard;
  /** undefined: the master has no replica. */
  readonly replica: Member | undefined;
};

/**
 * Reads `redis1:7000`, `2` or `redis1`. Throws UsageError when the inventory has no such node, shard or host;
 * what the cluster looks like plays no part.
 */
export function parseTarget(inventory: Inventory, text: string): Target {
  const node = inventory.nodes.find(({ id }) => id === text);
  if (node) return { kind: 'node', node };
  const host = inventory.hosts.find(({ name }) => name === text);
  if (host) return { kind: 'host', host };
  const number = /^\d+$/.test(text) ? Number(text) : undefined;
  if (number !== undefined && inventory.nodes.some(({ shard }) => shard === number))
    return { kind: 'shard', number };
  throw new UsageError(`${text} is not a node, shard or host of the inventory`, {
    hints: [
      `Nodes: ${inventory.nodes.map(({ id }) => id).join(', ')}`,
      `Shards: 1 to ${Math.max(...inventory.nodes.map(({ shard }) => shard))}`,
      `Hosts: ${inventory.hosts.map(({ name }) => name).join(', ')}`,
    ],
  });
}

/** Reads the node that is to be a master. Throws UsageError when the inventory does not have it. */
export function parseHeir(inventory: Inventory, text: string): Target {
  const node = inventory.nodes.find(({ id }) => id === text);
  if (node) return { kind: 'heir', node };
  throw new UsageError(`${text} is not a node of the inventory`, {
    hints: [`Nodes: ${inventory.nodes.map(({ id }) => id).join(', ')}`],
  });
}

/**
 * The failovers that the target stands for: the best replica of a master or a shard, the replica that was
 * named, or every master off a host. Empty: no master stands on that host, the heir is a master, or the node
 * is in no shard. `dead`: masters are gone, so the replica with the most data is the best.
 */
export function chooseTarget(
  situation: Situation,
  target: Target,
  { dead = false }: { readonly dead?: boolean } = {},
): readonly Choice[] {
  const best = (shard: Shard, seats: Situation, masterHosts: readonly string[]): Choice => ({
    shard,
    replica: (dead ? rankSurvivors(seats, shard) : rankReplicas(seats, shard, masterHosts))[0],
  });
  switch (target.kind) {
    case 'host':
      return chooseForHost(situation, target.host.name, best);
    case 'shard': {
      const shard = situation.shards.find(({ number }) => number === target.number);
      return shard ? [best(shard, situation, otherMasters(situation, shard))] : [];
    }
    case 'heir': {
      const shard = shardWith(situation, target.node.id);
      const replica = shard?.replicas.find(({ node }) => node.id === target.node.id);
      return shard && replica ? [{ shard, replica }] : [];
    }
    case 'node': {
      const shard = shardWith(situation, target.node.id);
      if (!shard) return [];
      const replica = shard.replicas.find(({ node }) => node.id === target.node.id);
      return [replica ? { shard, replica } : best(shard, situation, otherMasters(situation, shard))];
    }
  }
}

type Choose = (shard: Shard, situation: Situation, masterHosts: readonly string[]) => Choice;

/** One shard after the other, each choice knowing where the earlier ones put their masters. */
function chooseForHost(situation: Situation, host: string, choose: Choose): readonly Choice[] {
  const leaving = { ...situation, drained: [...situation.drained, host] };
  const moving = situation.shards.filter(({ master }) => master.node.host === host);
  const staying = situation.shards.filter((shard) => !moving.includes(shard));
  const masterHosts = staying.map(({ master }) => master.node.host);
  return moving.map((shard) => {
    const choice = choose(shard, leaving, masterHosts);
    masterHosts.push((choice.replica ?? shard.master).node.host);
    return choice;
  });
}

function otherMasters({ shards }: Situation, shard: Shard): readonly string[] {
  return shards.filter((other) => other !== shard).map(({ master }) => master.node.host);
}
