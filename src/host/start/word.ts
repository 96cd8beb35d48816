import type { StoredCopy } from './copy.ts';

/**
 * What the rest of the cluster says of a node that is to be started, and what lies on the other hosts: plain
 * data, since hosts know nothing of clusters.
 */
export type PeersWord = {
  /**
   * Nodes that accept the inventory's password list the identity of its folder at its address: the data is
   * its own.
   */
  readonly isMember: boolean;
  /** A master of slots, by the nodes that answer; undefined: none of them knows it. */
  readonly ownsSlots: boolean | undefined;
  /**
   * Another node that answers has this node's data and will copy it to it: nothing is lost with what is on
   * its disk.
   */
  readonly isExpendable: boolean;
  /** Its master answers and has no key: inventory id. */
  readonly emptyMaster?: string | undefined;
  /** Its shard counts as lost, and the operator has agreed that it starts without its keys. */
  readonly isLost?: boolean;
  /** Its replicas, and nodes that may be. */
  readonly replicas: readonly ReplicaWord[];
  /** Nothing in its nodes.conf, itself or a node that it knows, is a node of this cluster. */
  readonly isForeign?: boolean;
  /** There is a cluster: another node, as it answers or by its disk, knows further nodes. */
  readonly isFormed?: boolean;
  /** Where the identity of its nodes.conf is in use or lies as well: inventory ids. */
  readonly twins: readonly string[];
};

export type ReplicaWord = {
  /** Inventory id. */
  readonly node: string;
  /** It answers and has so many keys; undefined: it does not answer. */
  readonly keys: number | undefined;
  /** How far it has its master's writes; undefined: it does not answer, or has no whole copy now. */
  readonly copy?: ReplicaCopy | undefined;
  /**
   * What its next start would read, or what it read when it started and was not in sync since. undefined: its
   * folder could not be read, its process runs without answering, or it has been in sync and `copy` counts.
   */
  readonly disk?: ReplicaDisk | undefined;
  /** Its nodes.conf does not say who it is; by the inventory it is of the same shard. `disk` has data. */
  readonly isNameless?: true;
  /** The files of one that answers and has been in sync: they show when its master last wrote. */
  readonly files?: ReplicaDisk | undefined;
};

export type ReplicaDisk = {
  readonly copy: StoredCopy;
  /** The inventory's name of its host, and where its files lie there. */
  readonly host: string;
  readonly dataDirectory: string;
};

export type ReplicaCopy = {
  /** The stream that it has, and the one which that continues (master_replid, master_replid2). */
  readonly streams: readonly string[];
  readonly offset: number;
};

/** Nobody answers and nothing is known. */
export const noWord: PeersWord = {
  isMember: false,
  ownsSlots: undefined,
  isExpendable: false,
  replicas: [],
  twins: [],
};
