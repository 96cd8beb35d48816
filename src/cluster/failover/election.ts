/** What bears on whether a replica can hold a proper election now. */
export type ElectionPast = {
  /** cluster-node-timeout of the replica. */
  readonly nodeTimeoutMs: number;
  /** The replica has asked for votes since its process started. */
  readonly replicaAsked: boolean;
  /** How long the replica has been linked to its present master without a break; 0 when that is not known. */
  readonly linkedMs: number;
  /**
   * More than half of the masters have given no vote since their processes started, so they remember none.
   */
  readonly votersFresh: boolean;
  /** For so long, at least, no replica has been elected in the place of the present master. */
  readonly masterUnchallengedMs: number;
};

/**
 * How long to wait before a replica is asked to take over, in ms; 0 nearly always.
 *
 * A replica that won an election keeps its votes for 4 × node timeout. Asked again before that is over it
 * takes over on the old votes, under an old epoch: for some ms there are two masters, then it is turned back
 * and what it accepted is lost; or it does nothing while its master holds back all writes for 5 s
 * (redis#8753, seen on 7.0.15; resolved in Valkey 8.1). Masters moreover vote only once in 2 × node timeout
 * about replicas of one and the same master, and remember that longer than a replica that is restarted
 * meanwhile (valkey#1305).
 */
export function restBeforeElection(past: ElectionPast): number {
  const { nodeTimeoutMs, replicaAsked, linkedMs, votersFresh, masterUnchallengedMs } = past;
  const oldVotes = replicaAsked ? 2 * Math.max(2 * nodeTimeoutMs, 2000) + marginMs - linkedMs : 0;
  const voters = votersFresh ? 0 : 2 * nodeTimeoutMs + marginMs - masterUnchallengedMs;
  return Math.max(0, oldVotes, voters);
}

/** The age of a connection is told in whole seconds, rounded down. */
const marginMs = 1000;

/** The `age` of the one client in a CLIENT LIST TYPE master reply, in ms; 0 when there is none. */
export function parseLinkAge(reply: string): number {
  return Number(/\bage=(\d+)/.exec(reply)?.[1] ?? 0) * 1000;
}
