import type { Inventory, Node } from '../../inventory/inventory.ts';
import { ownLine, reachableNodes, shardsOf } from '../shape.ts';
import type { Member } from '../shape.ts';
import { countSlots } from '../slots.ts';
import type { NodeLine, TopologyView } from '../view.ts';

/**
 * How a node stands, by itself or, where it does not answer, by its peers. `unseen`: no peer has a link to it
 * or says that it has failed, or one suspects it; that is neither alive nor dead.
 */
export type Life = 'alive' | 'dead' | 'unseen';

/** A copy of a shard: what it is now, and what it could become. */
export type Seat = {
  readonly node: Node;
  readonly life: Life;
  /** A master, or a replica whose link to its master is up; undefined: it did not say. */
  readonly synced: boolean | undefined;
  /** cluster-replica-no-failover is set. */
  readonly barred: boolean;
  /** How far its copy goes, in bytes of the replication stream; undefined: it did not say. */
  readonly offset: number | undefined;
  /** Replicas in sync without which it, as a master, takes no writes; undefined: it did not say. */
  readonly neededReplicas: number | undefined;
};

/** A shard that owns slots, as it is now. */
export type ShardSeats = {
  readonly number: number;
  readonly master: Seat;
  readonly replicas: readonly Seat[];
};

/** What the loss of some nodes would do. Every command and every check answers from this one. */
export type Outlook = {
  /** Shards whose master would be replaced, and by which node. */
  readonly failovers: readonly { readonly number: number; readonly from: Node; readonly to: Node }[];
  /** Shards of which nothing would be left to serve. */
  readonly lost: readonly number[];
  /** Shards that may be lost or not: the node that decides it did not answer. */
  readonly unknown: readonly number[];
  /** Shards that would serve on with one copy, and have more now. */
  readonly bare: readonly number[];
  /** Masters that are known to be able to vote then, and how many are needed. */
  readonly voters: number;
  readonly quorum: number;
  /**
   * Every slot is served and failovers can be elected; undefined: it depends on nodes that did not answer.
   */
  readonly staysUp: boolean | undefined;
};

/** The seats of every shard that owns slots. */
export function seatsOf(inventory: Inventory, view: TopologyView): readonly ShardSeats[] {
  const seat = (member: Member): Seat => seatOf(member, view);
  return shardsOf(inventory, view)
    .filter(({ master }) => countSlots(master.slots) > 0)
    .map(({ number, master, replicas }) => ({
      number,
      master: { ...seat(master), synced: true },
      replicas: replicas.map(seat),
    }));
}

/** The seats after a replica (inventory id) has taken over gracefully: the old master follows it, in sync. */
export function swapSeats(
  seats: readonly ShardSeats[],
  number: number,
  replica: string,
): readonly ShardSeats[] {
  return seats.map((shard) => {
    const heir = shard.replicas.find(({ node }) => node.id === replica);
    if (shard.number !== number || !heir) return shard;
    const others = shard.replicas.filter((seat) => seat !== heir);
    return { number, master: { ...heir, synced: true }, replicas: [shard.master, ...others] };
  });
}

/** The seats after these graceful failovers. */
export function swapAll(
  seats: readonly ShardSeats[],
  choices: readonly { readonly shard: { readonly number: number }; readonly replica: Member | undefined }[],
): readonly ShardSeats[] {
  return choices.reduce(
    (now, { shard, replica }) => (replica ? swapSeats(now, shard.number, replica.node.id) : now),
    seats,
  );
}

/**
 * A replica is elected by more than half of the masters that own slots (Redis Cluster specification, "Replica
 * election and promotion"); it stands only when it is in sync and may fail over.
 */
export function loseNodes(seats: readonly ShardSeats[], dies: (node: Node) => boolean): Outlook {
  const lifeOf = ({ node, life }: Seat): Life => (dies(node) ? 'dead' : life);
  const count = (life: Life): number => seats.filter(({ master }) => lifeOf(master) === life).length;
  const quorum = Math.floor(seats.length / 2) + 1;
  const voters = count('alive');
  const mayVote = seats.length === 0 || voters + count('unseen') >= quorum;
  const fates = seats.map((shard) => ({
    shard,
    ...fateOf(shard, lifeOf, { isSure: voters >= quorum, mayVote }),
  }));
  const numbers = (fate: Fate['fate']): readonly number[] =>
    fates.filter((each) => each.fate === fate).map(({ shard }) => shard.number);
  const [lost, unknown] = [numbers('lost'), numbers('unknown')];
  return {
    failovers: fates.flatMap(({ shard, heir }) =>
      heir ? [{ number: shard.number, from: shard.master.node, to: heir.node }] : [],
    ),
    lost,
    unknown,
    bare: seats.filter((shard) => isBare(shard, lifeOf)).map(({ number }) => number),
    voters,
    quorum,
    staysUp: judge(
      lost.length === 0 && mayVote,
      // Of a cluster of which no shard is known, nothing is known.
      seats.length > 0 && unknown.length === 0 && voters >= quorum,
    ),
  };
}

const judge = (isPossible: boolean, isSure: boolean): boolean | undefined => {
  if (!isPossible) return false;
  return isSure ? true : undefined;
};

/** The replica that would be elected, best first: the most data wins (clusterGetSlaveRank). */
export function heirOf(
  { replicas }: ShardSeats,
  dies: (node: Node) => boolean = () => false,
): Seat | undefined {
  return replicas
    .filter(({ node, life, synced, barred }) => life === 'alive' && !dies(node) && synced === true && !barred)
    .toSorted((one, other) => (other.offset ?? -1) - (one.offset ?? -1))[0];
}

type Fate = { readonly fate: 'served' | 'replaced' | 'lost' | 'unknown'; readonly heir?: Seat };

function fateOf(
  shard: ShardSeats,
  lifeOf: (seat: Seat) => Life,
  votes: { readonly isSure: boolean; readonly mayVote: boolean },
): Fate {
  const life = lifeOf(shard.master);
  if (life === 'alive') return { fate: 'served' };
  const heir = heirOf(shard, (node) =>
    shard.replicas.some((seat) => seat.node === node && lifeOf(seat) !== 'alive'),
  );
  if (heir && votes.isSure && life === 'dead') return { fate: 'replaced', heir };
  if (life === 'unseen') return { fate: 'unknown' };
  const maybe = shard.replicas.some(
    (seat) =>
      lifeOf(seat) !== 'dead' && !seat.barred && (seat.synced === undefined || seat.life === 'unseen'),
  );
  return { fate: (heir ?? maybe) && votes.mayVote ? 'unknown' : 'lost' };
}

/** One survivor at most is left of a shard that has more. */
function isBare({ master, replicas }: ShardSeats, lifeOf: (seat: Seat) => Life): boolean {
  const now = [master, ...replicas].filter(({ life }) => life !== 'dead');
  const then = now.filter((seat) => lifeOf(seat) !== 'dead');
  return now.length > then.length && then.length === 1;
}

function seatOf(member: Member, view: TopologyView): Seat {
  const { node, nodeId, role, linked } = member;
  const peers = reachableNodes(view);
  const own = peers.find((each) => each.node === node.id);
  const lines = peers.flatMap((peer) => peer.nodes.find((line) => line.nodeId === nodeId) ?? []);
  const flags = (own && ownLine(own)?.flags) ?? lines.flatMap((line) => line.flags);
  const offset = own?.info[role === 'replica' ? 'slave_repl_offset' : 'master_repl_offset'];
  return {
    node,
    life: lifeBy(lines, { answers: own !== undefined, isDown: isDown(view, node) }),
    synced: linked,
    barred: flags.includes('nofailover'),
    offset: offset === undefined ? undefined : Number(offset),
    neededReplicas: own?.neededReplicas,
  };
}

/** Seen from its own host nothing listens on its port. */
const isDown = ({ nodes }: TopologyView, { id }: Node): boolean =>
  nodes.some((seen) => seen.node === id && !seen.reachable && seen.failure === 'refused');

function lifeBy(
  lines: readonly NodeLine[],
  { answers, isDown: down }: { readonly answers: boolean; readonly isDown: boolean },
): Life {
  const has = (flag: 'fail' | 'fail?'): boolean => lines.some(({ flags }) => flags.includes(flag));
  if (has('fail') || down) return 'dead';
  if (answers) return 'alive';
  // A link in the making counts as connected; a pong was had since the observer was started.
  const isHeard = lines.some((line) => line.linkState === 'connected' && line.pongReceived > 0);
  return !has('fail?') && isHeard ? 'alive' : 'unseen';
}
