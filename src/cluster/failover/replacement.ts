import { countVoters, guardMajority } from './guard-cluster.ts';
import type { Reason, ReasonCode } from './reason.ts';
import { bringBack, viewOf } from './situation.ts';
import type { Situation } from './situation.ts';
import type { Choice } from './target.ts';
import { wasLinked } from '../whole-copy.ts';

/** Why a master counts as dead. */
export type Death = {
  /**
   * process: gone, as seen on its host, and nothing there starts it again. host: out of this machine's reach,
   * and the hosts of a majority of the masters tried to connect and said that they cannot either.
   */
  readonly kind: 'process' | 'host';
  readonly evidence: readonly string[];
};

/** What was learnt of a master that is to be replaced. That nobody could say is an answer of its own. */
export type Verdict =
  | { readonly kind: 'dead'; readonly death: Death }
  /** A sign of life was seen. */
  | { readonly kind: 'alive'; readonly why: string }
  /** Neither was seen. */
  | { readonly kind: 'unknown'; readonly why: string };

export type Replacement = {
  /** These forbid it, whatever the operator says. */
  readonly refusals: readonly Reason[];
  /** These are the operator's to accept, by typing the shard's name. */
  readonly accepted: readonly Reason[];
};

export type ReplacementFacts = {
  readonly mode: 'force' | 'takeover';
  readonly verdict: Verdict;
  /** How many keys the replica has (DBSIZE); undefined: it did not say. */
  readonly keys: number | undefined;
};

/**
 * Whether a replica may take over without its master's consent. FORCE asks the other masters for their votes
 * and so needs a majority; TAKEOVER asks nobody. With the master alive both lose what it acknowledged
 * meanwhile (hundreds of writes were seen, docs/failover.md), and a replica that holds no copy would take
 * over with nothing.
 */
export function guardReplacement(
  situation: Situation,
  { shard, replica }: Choice,
  { mode, verdict, keys }: ReplacementFacts,
): Replacement {
  const master = shard.master.node.id;
  if (!replica) {
    const message = `${master} has no replica that could take over`;
    return { refusals: [{ code: 'no-replica', message, hints: [`Start ${master} again.`] }], accepted: [] };
  }
  const { voters, masters } = countVoters(situation);
  const needless: Reason = {
    code: 'majority',
    message: `${voters} of ${masters} masters take part, so --force can do it by the cluster's own rules`,
    hints: [`weedgo-redis failover ${master} --force`],
  };
  const copy = judgeCopy(situation, { shard, replica }, keys);
  return {
    refusals: [...copy.refusals, ...(mode === 'force' ? guardMajority(situation) : [])],
    accepted: [
      ...copy.accepted,
      ...(verdict.kind === 'dead' ? [] : [notProven(master, verdict.why)]),
      ...(mode === 'takeover' && voters * 2 > masters ? [needless] : []),
    ],
  };
}

const notProven = (master: string, why: string): Reason => ({
  code: 'master-alive',
  message: `nothing proves that ${master} is dead (${why}): what it acknowledges until it learns of its successor is lost`,
  hints: [`Run weedgo-redis failover ${master} while it is alive: a graceful failover loses nothing.`],
});

/**
 * A replica in the midst of a copy has nothing whole to offer. One that has not been linked since its process
 * started (master_link_down_since_seconds -1) has what was on its disk, of unknown age, or nothing; its
 * offset says nothing then, since it is 0 after every restart and also while a shard has not been written to.
 */
function judgeCopy(situation: Situation, { shard, replica }: Choice, keys: number | undefined): Replacement {
  if (!replica) return { refusals: [], accepted: [] };
  const { id } = replica.node;
  const info = viewOf(situation, replica)?.info;
  if (!info) return refuse('replica-unreachable', `${id} does not respond`, bringBack(situation, id));
  const startMaster = `Start ${shard.master.node.id} again, or restore a backup.`;
  if (info['master_sync_in_progress'] === '1')
    return refuse('replica-empty', `${id} holds no whole copy: it is being copied to`, startMaster);
  if (wasLinked(info)) return { refusals: [], accepted: [] };
  if (keys === undefined)
    return refuse('replica-unreachable', `${id} does not say how many keys it has`, `Look at ${id} first.`);
  if (keys === 0)
    return refuse('replica-empty', `${id} holds no copy: it was never in sync and has no keys`, startMaster);
  const message = `${id} has not been in sync since it was started: its ${keys} keys are as old as what was on its disk`;
  return { refusals: [], accepted: [{ code: 'replica-stale', message, hints: [startMaster] }] };
}

const refuse = (code: ReasonCode, message: string, hint: string): Replacement => ({
  refusals: [{ code, message, hints: [hint] }],
  accepted: [],
});
