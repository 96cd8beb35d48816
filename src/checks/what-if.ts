import type { Inventory } from '../inventory/inventory.ts';
import type { InfoFields } from '../cluster/view.ts';
import { offsetOf } from './consequences.ts';
import type { Member, Shard, Topology } from './topology.ts';

/** What the loss of one host or zone would do to the cluster as it is now. */
export type WhatIf = {
  readonly kind: 'host' | 'zone';
  readonly name: string;
  /** Shards whose master would be replaced, by whom; names as in findings. */
  readonly failovers: readonly { readonly shard: string; readonly from: string; readonly to: string }[];
  /** Shards of which nothing would be left to serve. */
  readonly lostShards: readonly string[];
  /** Shards that would serve on without a replica. */
  readonly bareShards: readonly string[];
  /** Masters that could still vote, and how many of them are needed. */
  readonly voters: number;
  readonly quorum: number;
  /** False: no node could be asked, and nothing of the rest is known. */
  readonly isKnown: boolean;
  /** Every slot is served and failovers can be elected. */
  readonly staysUp: boolean;
  /** The whole, as a sentence. */
  readonly sentence: string;
};

/**
 * Simulates the loss of every host and every zone of the inventory, one at a time.
 * Rules: a replica is elected by more than half of the masters that own slots (redis.io, cluster specification,
 * "Replica election and promotion"); it stands only when it is in sync and may fail over.
 */
export function simulateLosses(inventory: Inventory, topology: Topology): readonly WhatIf[] {
  const zones = new Set(inventory.hosts.flatMap(({ zone }) => zone ?? []));
  const losses = [
    ...inventory.hosts.map(({ name }) => ({ kind: 'host', name }) as const),
    ...[...zones].map((name) => ({ kind: 'zone', name }) as const),
  ];
  return losses.map((loss) => simulate(loss, topology));
}

function simulate(loss: Pick<WhatIf, 'kind' | 'name'>, topology: Topology): WhatIf {
  const dies = ({ node }: Member): boolean => (loss.kind === 'host' ? node.host : node.zone) === loss.name;
  const owners = topology.shards.filter(({ master }) => master.slots.length > 0);
  const quorum = Math.floor(owners.length / 2) + 1;
  const voters = owners.filter(({ master }) => isAlive(master) && !dies(master)).length;
  const masterless = owners.filter(({ master }) => !isAlive(master) || dies(master));
  const failovers = masterless.flatMap((shard) => {
    const heir = heirOf(shard, dies);
    return heir && voters >= quorum
      ? [{ shard: `shard ${shard.number}`, from: shard.master.node.id, to: heir.node.id }]
      : [];
  });
  const saved = new Set(failovers.map(({ shard }) => shard));
  const facts = {
    ...loss,
    failovers,
    lostShards: masterless.map(({ number }) => `shard ${number}`).filter((shard) => !saved.has(shard)),
    bareShards: owners.filter((shard) => isBare(shard, dies)).map(({ number }) => `shard ${number}`),
    voters,
    quorum,
  };
  // Where no node could be asked, nobody knows who has which slots.
  const isKnown = topology.reachable.length > 0;
  const staysUp = isKnown && owners.length > 0 && facts.lostShards.length === 0 && voters >= quorum;
  return { ...facts, isKnown, staysUp, sentence: describe({ ...facts, isKnown, staysUp }) };
}

function isAlive({ view, failedBy }: Member): boolean {
  return view !== undefined && failedBy.length === 0;
}

/** The replica with the most data that survives and may be elected. */
function heirOf({ replicas }: Shard, dies: (member: Member) => boolean): Member | undefined {
  return replicas
    .filter((replica) => isAlive(replica) && !dies(replica) && mayFailOver(replica))
    .toSorted((a, b) => offsetOf(b) - offsetOf(a))[0];
}

function mayFailOver({ view }: Member): boolean {
  if (!view) return false;
  return view.config['cluster-replica-no-failover'] !== 'yes' && inSync(view.info);
}

function inSync(info: InfoFields): boolean {
  return info['master_link_status'] === 'up';
}

/** One survivor at most is left of a shard that had more. */
function isBare({ master, replicas }: Shard, dies: (member: Member) => boolean): boolean {
  const nodes = [master, ...replicas].filter(isAlive);
  const survivors = nodes.filter((node) => !dies(node));
  return nodes.length > survivors.length && survivors.length === 1;
}

function describe(outcome: Omit<WhatIf, 'sentence'>): string {
  const { kind, name, failovers, lostShards, voters, quorum, isKnown, staysUp } = outcome;
  if (!isKnown)
    return `if ${kind === 'zone' ? 'zone ' : ''}${name} dies: unknown, because no node could be asked`;
  const parts = [
    ...failovers.map(({ shard, to }) => `${shard} fails over to ${to}`),
    ...(lostShards.length > 0
      ? [`${lostShards.join(', ')} ${lostShards.length > 1 ? 'are' : 'is'} lost`]
      : []),
    ...(voters < quorum ? [`only ${voters} of the ${quorum} masters that must agree are left`] : []),
    staysUp ? 'the cluster stays up' : 'the cluster goes down',
  ];
  return `if ${kind === 'zone' ? 'zone ' : ''}${name} dies: ${parts.join(', ')}`;
}
