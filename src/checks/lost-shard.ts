import type { Reason } from '../cluster/failover/reason.ts';
import { lossOf, type LostShards } from '../cluster/lost.ts';
import { ownLine, reachableNodes } from '../cluster/shape.ts';
import { countSlots, describeRanges } from '../cluster/slots.ts';
import type { ClusterView, NodeView, ReachableView } from '../cluster/view.ts';
import type { Facts, NodeData } from '../host/facts.ts';
import { judgeProcess } from '../host/process-gone.ts';
import { remainsOf } from '../host/start/remains.ts';
import type { Inventory, Node } from '../inventory/inventory.ts';
import { type NodeLayout, nodeLayoutOf } from '../render/layout.ts';
import { joinNames } from './text.ts';

/**
 * What decides whether the data of a shard is gone: the nodes' views, and the facts of the hosts that could
 * be read.
 */
export type LossScene = {
  readonly inventory: Inventory;
  readonly view: ClusterView;
  readonly factsOf: (host: string) => Facts | undefined;
};

export type LossJudgement = {
  readonly lost: LostShards;
  /** Why the shards are not proven to be lost; empty: they are. */
  readonly blockers: readonly Reason[];
  /** What proves it, as clauses. */
  readonly evidence: readonly string[];
};

/**
 * Whether the data of these shards is gone for good: no node that answers has their slots, and each of their
 * nodes is proven to be gone, or empty, with nothing on its disk. What could not be looked at proves nothing.
 * Pure.
 */
export function judgeLoss(scene: LossScene, shards: readonly number[]): LossJudgement {
  const { inventory, view } = scene;
  const lost = lossOf(inventory, view, shards);
  const each = inventory.nodes
    .filter((node) => shards.includes(node.shard) || follows(node, view, lost))
    .map((node) => judgeNode(node, scene));
  return {
    lost,
    blockers: [...notLost(scene, lost), ...each.flatMap(({ blocker }) => blocker ?? [])],
    evidence: each.flatMap(({ evidence }) => evidence ?? []),
  };
}

/** The inventory's numbers of all shards whose data is proven to be gone. */
export const lostShards = (scene: LossScene): readonly number[] =>
  [...new Set(scene.inventory.nodes.map(({ shard }) => shard))].filter(
    (shard) => judgeLoss(scene, [shard]).blockers.length === 0,
  );

/** A node of another shard that replicates one of the lost ids, as it says itself or as the others do. */
function follows(node: Node, view: ClusterView, { ids }: LostShards): boolean {
  return reachableNodes(view).some(({ nodes }) =>
    nodes.some(
      ({ masterId, ip, port }) =>
        masterId !== undefined && ids.includes(masterId) && port === node.port && ip === node.address,
    ),
  );
}

function notLost({ view }: LossScene, { shards, ids, slots }: LostShards): readonly Reason[] {
  const nodes = reachableNodes(view);
  const named = `shard ${joinNames(shards.map(String))}`;
  const hint = 'Run weedgo-redis verify: it names what is wrong with its nodes.';
  if (nodes.every((node) => countSlots(ownLine(node)?.slots ?? []) === 0))
    return [blocker(`no node with slots answers, so nothing is known of ${named}`, hint)];
  if (countSlots(slots) === 0)
    return [
      blocker(`${named} is not lost: other nodes have its slots, or are not known to have lost them`, hint),
    ];
  // Slots that nobody has had yet are forming's to give.
  if (ids.length === 0 && nodes.every(({ keys }) => keys === 0))
    return [blocker(`${named} has had no keys yet`, 'Run weedgo-redis provision: it gives the slots.')];
  return [];
}

type NodeJudgement = { readonly blocker?: Reason; readonly evidence?: string };

function judgeNode(node: Node, scene: LossScene): NodeJudgement {
  const { inventory, view } = scene;
  const facts = scene.factsOf(node.host);
  const place = nodeLayoutOf(inventory, node.id);
  if (!facts || !place)
    return {
      blocker: blocker(
        `${node.host} could not be looked at, so ${node.id} may have the data`,
        `Make ${node.host} reachable. If it is gone for good, replace it under its name in the inventory.`,
      ),
    };
  const seen = view.nodes.find((each) => each.node === node.id);
  return judgeRunning(node, seen, { facts, place }) ?? judgeFolder(node, seen, { facts, place });
}

type Place = { readonly facts: Facts; readonly place: NodeLayout };

function judgeRunning(
  node: Node,
  seen: NodeView | undefined,
  { facts, place }: Place,
): NodeJudgement | undefined {
  if (seen?.reachable) return judgeAnswering(seen);
  const { kind, why } = judgeProcess(place, facts);
  if (kind === 'gone') return undefined;
  const message = `${node.id} is not known to be gone: ${why}${seen ? ` (${seen.reason})` : ''}`;
  return { blocker: blocker(message, `Run weedgo-redis verify: it names what is wrong with ${node.id}.`) };
}

function judgeAnswering(view: ReachableView): NodeJudgement | undefined {
  const own = ownLine(view);
  const hint = 'Run weedgo-redis verify: it names what is left to do.';
  if (view.keys > 0) return { blocker: blocker(`${view.node} answers and holds ${view.keys} keys`, hint) };
  if (own?.role === 'replica') return { blocker: blocker(`${view.node} answers and is a replica`, hint) };
  if (countSlots(own?.slots ?? []) > 0)
    return {
      blocker: blocker(`${view.node} answers and owns slots ${describeRanges(own?.slots ?? [])}`, hint),
    };
  return undefined;
}

function judgeFolder(node: Node, seen: NodeView | undefined, { facts, place }: Place): NodeJudgement {
  const { dataDirectory } = place;
  const remains = remainsOf({
    dataDirectory,
    data: facts.data[node.id],
    directory: facts.directories[dataDirectory],
    version: facts.server.installed?.version,
  });
  if (remains !== undefined)
    return {
      blocker: blocker(
        `${node.id} may still have data on ${node.host}: ${remains}`,
        `Bring ${node.id} back with it. If it is not of use, as root on ${node.host} (or as yourself on this machine):`,
        `mv ${dataDirectory} ${dataDirectory}.aside`,
      ),
    };
  const folder = facts.data[node.id]?.folder.kind === 'absent' ? 'is not there' : 'holds no data';
  return {
    evidence: `${seen?.reachable ? `${node.id} is empty` : `${node.id} does not run`} and ${dataDirectory} ${folder}${nextToIt(facts.data[node.id])}`,
  };
}

/**
 * Moved away by somebody, who may have forgotten it: no reason against going on, and for a person to look at
 * first.
 */
const nextToIt = (data: NodeData | undefined): string =>
  data === undefined || data.asides.length === 0
    ? ''
    : `, but ${joinNames(data.asides.slice(0, 5))} may have what was there`;

const blocker = (message: string, ...hints: readonly string[]): Reason => ({
  code: 'in-use',
  message,
  hints,
});
