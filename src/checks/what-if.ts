import { loseNodes, seatsOf } from '../cluster/failover/outlook.ts';
import type { ShardSeats } from '../cluster/failover/outlook.ts';
import type { ClusterView } from '../cluster/view.ts';
import type { Inventory } from '../inventory/inventory.ts';

/** What the loss of one host or zone would do to the cluster as it is now. */
export type WhatIf = {
  readonly kind: 'host' | 'zone';
  readonly name: string;
  /** Shards whose master would be replaced, and the node that replaces it; names as in findings. */
  readonly failovers: readonly { readonly shard: string; readonly from: string; readonly to: string }[];
  /** Shards of which nothing would be left to serve. */
  readonly lostShards: readonly string[];
  /** Shards of which that is not known: nodes that decide it do not respond. */
  readonly unknownShards: readonly string[];
  /** Shards that would serve on without a replica. */
  readonly bareShards: readonly string[];
  /** Masters that could still vote, and how many of them are needed. */
  readonly voters: number;
  readonly quorum: number;
  /** False: it depends on nodes that did not respond. */
  readonly isKnown: boolean;
  /** Every slot is served and failovers can be elected; undefined: it is not known. */
  readonly staysUp: boolean | undefined;
  /** The whole, as a sentence. */
  readonly sentence: string;
};

/** Simulates the loss of every host and every zone of the inventory, one at a time (`loseNodes`). */
export function simulateLosses(inventory: Inventory, view: ClusterView): readonly WhatIf[] {
  const zones = new Set(inventory.hosts.flatMap(({ zone }) => zone ?? []));
  const seats = seatsOf(inventory, view);
  const losses = [
    ...inventory.hosts.map(({ name }) => ({ kind: 'host', name }) as const),
    ...[...zones].map((name) => ({ kind: 'zone', name }) as const),
  ];
  return losses.map((loss) => simulate(loss, seats));
}

function simulate(loss: Pick<WhatIf, 'kind' | 'name'>, seats: readonly ShardSeats[]): WhatIf {
  const { kind, name } = loss;
  const outlook = loseNodes(seats, (node) => (kind === 'host' ? node.host : node.zone) === name);
  const facts = {
    ...loss,
    failovers: outlook.failovers.map(({ number, from, to }) => ({
      shard: nameOf(number),
      from: from.id,
      to: to.id,
    })),
    lostShards: outlook.lost.map(nameOf),
    unknownShards: outlook.unknown.map(nameOf),
    bareShards: outlook.bare.map(nameOf),
    voters: outlook.voters,
    quorum: outlook.quorum,
    staysUp: outlook.staysUp,
  };
  const known = { ...facts, isKnown: outlook.staysUp !== undefined };
  return { ...known, sentence: describe(known) };
}

const nameOf = (number: number): string => `shard ${number}`;

const endings: Readonly<Record<string, string>> = {
  true: 'the cluster stays up',
  false: 'the cluster goes down',
  undefined: 'whether the cluster stays up is not known',
};

function describe(outcome: Omit<WhatIf, 'sentence'>): string {
  const { kind, name, failovers, lostShards, unknownShards, voters, quorum, staysUp } = outcome;
  if (voters === 0 && unknownShards.length + lostShards.length === 0)
    return `if ${kind === 'zone' ? 'zone ' : ''}${name} dies: unknown, because no shard could be seen`;
  const parts = [
    ...failovers.map(({ shard, to }) => `${shard} fails over to ${to}`),
    ...(lostShards.length > 0
      ? [`${lostShards.join(', ')} ${lostShards.length > 1 ? 'are' : 'is'} lost`]
      : []),
    ...(voters < quorum ? [`only ${voters} of the ${quorum} masters that must agree are left`] : []),
    ...(unknownShards.length > 0
      ? [`what becomes of ${unknownShards.join(', ')} depends on nodes that do not respond`]
      : []),
    endings[String(staysUp)],
  ];
  return `if ${kind === 'zone' ? 'zone ' : ''}${name} dies: ${parts.join(', ')}`;
}
