import { describeRanges } from '../cluster/slots.ts';
import type { Member, Shard, Topology } from './topology.ts';

/**
 * What the absence of these nodes means for the data, as clauses. It belongs to the finding about the nodes
 * themselves, so that one cause makes one finding.
 */
export function consequencesOf(topology: Topology, nodes: readonly string[]): readonly string[] {
  return topology.shards.flatMap((shard) => [...unserved(shard, nodes), ...bare(topology, shard, nodes)]);
}

/** The master does not respond, and no other node has taken its slots over. */
function isUnserved({ master }: Shard): boolean {
  return master.view === undefined && master.slots.length > 0;
}

/** The replica with the most data that could take over from a lost master; undefined when there is none. */
export function heirOf({ replicas }: Shard): Member | undefined {
  return replicas
    .filter(({ view }) => view !== undefined)
    .toSorted((a, b) => (offsetOf(b) ?? -1) - (offsetOf(a) ?? -1))[0];
}

/** How far a replica's copy goes, in bytes of the replication stream; undefined: it did not say. */
function offsetOf({ view }: Member): number | undefined {
  const offset = view?.info['slave_repl_offset'];
  return offset === undefined ? undefined : Number(offset);
}

function unserved(shard: Shard, nodes: readonly string[]): readonly string[] {
  if (!isUnserved(shard) || !nodes.includes(shard.master.node.id)) return [];
  const slots = `slots ${describeRanges(shard.master.slots)} (shard ${shard.number})`;
  return shard.master.failedBy.length > 0
    ? [`${slots} are not served`]
    : [`no other node has taken over ${slots}`];
}

/** A shard that has lost its last replica with these nodes. */
function bare(topology: Topology, shard: Shard, nodes: readonly string[]): readonly string[] {
  const { master, replicas, number } = shard;
  const lost = nodes.some((id) => belongsTo(topology.byNode.get(id), shard));
  if (!lost || !master.view || replicas.some(({ view }) => view !== undefined)) return [];
  return [`shard ${number} (${master.node.id}) is left without a replica`];
}

/** A replica is where the others have it; a master that was replaced belongs where the inventory has it. */
function belongsTo(member: Member | undefined, { master, number }: Shard): boolean {
  if (!member || member.nodeId === master.nodeId) return false;
  return member.masterId === undefined ? member.node.shard === number : member.masterId === master.nodeId;
}
