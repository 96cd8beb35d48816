import type { Node } from '../../inventory/inventory.ts';
import { reachableNodes } from '../shape.ts';
import { countSlots } from '../slots.ts';
import { memberOf, shardWith, viewOf, type Situation } from './situation.ts';
import { outOfSync } from './sync.ts';

/** The node that the others know, and the one that has its data. */
export type Resync = {
  /** 40-hex id under which the others know the node. */
  readonly nodeId: string;
  /** Inventory id of the master that it copies from. */
  readonly master: string;
  /** Inventory ids of the nodes that know it. */
  readonly observers: readonly string[];
};

/** The node replicates this master (inventory id) and lacks nothing. */
export type InSync = { readonly inSyncWith: string };

export type Refusal = { readonly refusal: string; readonly hints: readonly string[] };

/**
 * Whether a node's own data may be set aside: it does not answer, nobody holds it for the owner of slots, and
 * the master that owns its shard's slots answers and has them by its own word. Of a replica that is in sync
 * nothing is set aside.
 */
export function guardResync(situation: Situation, node: Node): Resync | InSync | Refusal {
  const running = judgeRunning(situation, node);
  if (running) return running;
  const member = memberOf(situation, node.id);
  const lines = reachableNodes(situation.view).flatMap((view) =>
    view.nodes
      .filter(({ nodeId }) => nodeId === member?.nodeId)
      .map((line) => ({ observer: view.node, line })),
  );
  if (!member || lines.length === 0)
    return {
      refusal: `no other node knows ${node.id}, so no other node is known to have its data`,
      hints: ['Run weedgo-redis verify for the state of the cluster.'],
    };
  const owner = lines.find(({ line }) => countSlots(line.slots) > 0);
  if (owner)
    return {
      refusal: `${node.id} is the master of ${countSlots(owner.line.slots)} slots, as ${owner.observer} sees it`,
      hints: [`Have a replica take over first: weedgo-redis failover ${node.id} --force`],
    };
  const masterId = member.masterId ?? successorOf(situation, node)?.nodeId;
  const master = situation.members.find(({ nodeId }) => nodeId === masterId);
  const view = master && viewOf(situation, master);
  if (!master || !view || master.role !== 'master' || countSlots(master.slots) === 0)
    return {
      refusal: `the master of shard ${node.shard} does not answer, so no node is known to have the data`,
      hints: ['Bring that master back first: weedgo-redis verify says how.'],
    };
  return { nodeId: member.nodeId, master: master.node.id, observers: lines.map(({ observer }) => observer) };
}

/** A node that runs, or may run, keeps its files; undefined: nothing listens there. */
function judgeRunning(situation: Situation, node: Node): InSync | Refusal | undefined {
  const seen = situation.view.nodes.find((view) => view.node === node.id);
  const shard = shardWith(situation, node.id);
  const isReplica = memberOf(situation, node.id)?.role === 'replica';
  if (seen?.reachable && isReplica && shard && outOfSync(situation, node.id) === undefined)
    return { inSyncWith: shard.master.node.id };
  if (seen?.reachable)
    return {
      refusal: `${node.id} runs and answers`,
      hints: ['Run weedgo-redis verify: it names what is wrong with it.'],
    };
  if (seen && seen.failure !== 'refused')
    return {
      refusal: `it is not known that ${node.id} does not run: ${seen.reason}`,
      hints: ['Run weedgo-redis verify: it names what is wrong with it.'],
    };
  return undefined;
}

/** Who took over the slots of a former master: the one that serves its shard now. */
const successorOf = ({ shards }: Situation, { id, shard }: Node) =>
  shards.find(({ number, master }) => number === shard && master.node.id !== id)?.master;
