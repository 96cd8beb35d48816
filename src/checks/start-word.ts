import { membersOf, ownLine, reachableNodes, standsAt } from '../cluster/shape.ts';
import { countSlots } from '../cluster/slots.ts';
import type { ClusterView, NodeLine, ReachableView } from '../cluster/view.ts';
import { hasWholeCopy } from '../cluster/whole-copy.ts';
import type { Facts, NodeData, StoredIdentity } from '../host/facts.ts';
import { storedCopy, type StoredCopy } from '../host/start/copy.ts';
import { persistenceOf } from '../host/start/reads.ts';
import type { PeersWord, ReplicaCopy, ReplicaDisk, ReplicaWord } from '../host/start/word.ts';
import { canonicalAddress } from '../inventory/address.ts';
import type { Inventory, Node } from '../inventory/inventory.ts';
import { desiredDirectives } from '../render/directives.ts';
import { nodeLayoutOf } from '../render/layout.ts';

/** The facts of the hosts that answer, by name, and every node's view. */
type Observation = { readonly facts: ReadonlyMap<string, Facts>; readonly view: ClusterView };

/** What the nodes that answer, and the disks of the others, say of every node, by inventory id. Pure. */
export function peersWords(
  inventory: Inventory,
  observation: Observation,
): Readonly<Record<string, PeersWord>> {
  if (inventory.mode === 'standalone') return {};
  return Object.fromEntries(
    inventory.nodes.map((node) => [node.id, wordOf(node, { inventory, observation })]),
  );
}

type Scene = { readonly inventory: Inventory; readonly observation: Observation };

function wordOf(node: Node, scene: Scene): PeersWord {
  const reachable = reachableNodes(scene.observation.view);
  const runs = reachable.some((view) => view.node === node.id);
  const others = reachable.filter((view) => view.node !== node.id);
  const stored = identityOf(node, scene);
  const lines = others.flatMap(({ nodes }) => nodes).filter(({ flags }) => !flags.includes('handshake'));
  const named = stored ? lines.filter(({ nodeId }) => nodeId === stored.id) : [];
  // A folder that was replaced has another identity, or none: what counts then is who the others think is
  // here.
  const about = named.length > 0 ? named : lines.filter((line) => standsAt(line, node));
  const ids = new Set([...(stored ? [stored.id] : []), ...about.map(({ nodeId }) => nodeId)]);
  const ownsSlots = about.length === 0 ? undefined : about.some(isOwner);
  return {
    isMember: named.some((line) => standsAt(line, node)),
    ownsSlots,
    isExpendable: named.length > 0 && ownsSlots === false && named.some((line) => isCopied(line, others)),
    // What a node that runs holds is in its memory; its files may have keys that were deleted since.
    emptyMaster: runs ? undefined : named.flatMap((line) => emptyMasterOf(line, others))[0],
    replicas: scene.inventory.nodes
      .filter((other) => other !== node)
      .flatMap((other) => replicaWord(other, { ...scene, ids, shard: node.shard })),
    isForeign: stored ? isForeign(node, stored, scene) : false,
    isFormed: isFormed(node, scene),
    twins: stored ? twinsOf(node, stored, { ...scene, named }) : [],
  };
}

const isOwner = ({ role, slots }: NodeLine): boolean => role === 'master' && countSlots(slots) > 0;

/** A replica's master answers as a master; a master without slots was replaced, or has never had any. */
const isCopied = ({ role, masterId }: NodeLine, others: readonly ReachableView[]): boolean =>
  role === 'master' || others.some((view) => view.nodeId === masterId && ownLine(view)?.role === 'master');

/** The inventory id of a replica's master that answers without a key. */
const emptyMasterOf = ({ role, masterId }: NodeLine, others: readonly ReachableView[]): readonly string[] =>
  role === 'master'
    ? []
    : others.flatMap((view) =>
        view.nodeId === masterId && ownLine(view)?.role === 'master' && view.keys === 0 ? [view.node] : [],
      );

type Known = Extract<StoredIdentity, { kind: 'known' }>;

function dataOf(node: Node, { observation }: Scene): NodeData | undefined {
  return observation.facts.get(node.host)?.data[node.id];
}

function identityOf(node: Node, scene: Scene): Known | undefined {
  const folder = dataOf(node, scene)?.folder;
  return folder?.kind === 'read' && folder.identity.kind === 'known' ? folder.identity : undefined;
}

function replicaWord(
  node: Node,
  scene: Scene & { readonly ids: ReadonlySet<string>; readonly shard: number },
): readonly ReplicaWord[] {
  const { observation, ids, shard } = scene;
  const view = observation.view.nodes.find((each) => each.node === node.id);
  if (view?.reachable) {
    const masterId = ownLine(view)?.masterId;
    if (masterId === undefined || !ids.has(masterId)) return [];
    const stored = diskOf(node, scene);
    const has = isNeverLinked(view) ? { disk: stored } : { files: stored };
    return [{ node: node.id, keys: view.keys, copy: copyOf(view), ...has }];
  }
  const folder = dataOf(node, scene)?.folder;
  const unknown = { node: node.id, keys: undefined };
  if (folder === undefined || folder.kind === 'unreadable') return node.shard === shard ? [unknown] : [];
  if (folder.kind === 'absent') return [];
  if (folder.identity.kind !== 'known' && node.shard === shard) {
    const disk = diskOf(node, scene);
    return disk?.copy.content === 'data' ? [{ ...unknown, disk, isNameless: true }] : [];
  }
  const masterId = identityOf(node, scene)?.masterId;
  if (masterId === undefined || !ids.has(masterId)) return [];
  if (observation.facts.get(node.host)?.processes[node.id] !== undefined) return [unknown];
  return [{ ...unknown, disk: diskOf(node, scene) }];
}

/** What the node's own configuration has it read; with none it is not known which of its files count. */
function diskOf(node: Node, { inventory, observation }: Scene): ReplicaDisk | undefined {
  const facts = observation.facts.get(node.host);
  const place = nodeLayoutOf(inventory, node.id);
  const folder = facts?.data[node.id]?.folder;
  if (!facts || !place || folder?.kind !== 'read') return undefined;
  const text = facts.files[place.configFile]?.content;
  const version = facts.server.installed?.version;
  const copies = [true, false].map((isOn) => storedCopy(folder, isOn, version));
  const isOn = text === undefined ? undefined : isAppendOnly(text);
  const isRead = ({ kind, content }: StoredCopy): boolean =>
    isOn === undefined ? content === 'data' : (kind === 'append-only') === isOn;
  const copy = copies.find(isRead) ?? copies[0];
  return copy && { copy, host: node.host, dataDirectory: place.dataDirectory };
}

/** undefined: nobody can read the file. */
function isAppendOnly(text: string): boolean | undefined {
  try {
    return persistenceOf(desiredDirectives(text)).appendOnly;
  } catch {
    return undefined;
  }
}

/** It has what its own disk had when it started. */
const isNeverLinked = ({ info }: ReachableView): boolean =>
  info['master_sync_in_progress'] !== '1' && !hasWholeCopy(info);

/** undefined: in the midst of a copy, or never linked since its start. */
function copyOf(view: ReachableView): ReplicaCopy | undefined {
  const { info } = view;
  if (!hasWholeCopy(info)) return undefined;
  const offset = Number(info['slave_repl_offset'] ?? Number.NaN);
  const streams = [info['master_replid'], info['master_replid2']].filter((id) => id !== undefined);
  return Number.isFinite(offset) ? { streams, offset } : undefined;
}

/**
 * Other nodes that run under this identity, have it on their disk, or are known by it to those that answer.
 */
function twinsOf(
  node: Node,
  stored: Known,
  { named, ...scene }: Scene & { readonly named: readonly NodeLine[] },
): readonly string[] {
  const { inventory, observation } = scene;
  const isHere = isAt(stored, node);
  const members = membersOf(inventory, observation.view);
  return inventory.nodes
    .filter((other) => other !== node)
    .filter((other) => {
      const own = members.find((member) => member.node === other && member.source === 'own');
      if (own) return own.nodeId === stored.id;
      if (identityOf(other, scene)?.id === stored.id)
        return !isHere || isAt(identityOf(other, scene) ?? stored, other);
      return !isHere && named.some((line) => standsAt(line, other));
    })
    .map(({ id }) => id);
}

function isFormed(node: Node, scene: Scene): boolean {
  const { others, answering } = besides(node, scene);
  const stored = others.flatMap((other) => identityOf(other, scene)?.peers ?? []);
  return stored.length > 0 || answering.some(({ nodes }) => nodes.length > 1);
}

/**
 * Another cluster's: neither its id nor one that it knows is known to the nodes that answer, or in the
 * nodes.conf of another node. A node that has never joined knows no other.
 */
function isForeign(node: Node, stored: Known, scene: Scene): boolean {
  const { others, answering } = besides(node, scene);
  const known = new Set([
    ...answering.flatMap(({ nodes }) => nodes.map(({ nodeId }) => nodeId)),
    ...others.flatMap((other) => {
      const identity = identityOf(other, scene);
      return identity ? [identity.id, ...identity.peers] : [];
    }),
  ]);
  const own = [stored.id, ...stored.peers];
  return stored.peers.length > 0 && known.size > 0 && !own.some((id) => known.has(id));
}

/** The other nodes of the inventory, and the views of those that answer. */
const besides = (node: Node, { inventory, observation }: Scene) => ({
  others: inventory.nodes.filter((other) => other !== node),
  answering: reachableNodes(observation.view).filter((view) => view.node !== node.id),
});

const isAt = ({ ip, port }: Known, node: Node): boolean =>
  port === node.port && canonicalAddress(ip) === canonicalAddress(node.address);
