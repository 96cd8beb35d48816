import { countVoters, guardMajority } from './guard-cluster.ts';
import type { Reason } from './reason.ts';
import { offsetOf, viewOf } from './situation.ts';
import type { Situation } from './situation.ts';
import type { Choice } from './target.ts';

/** Why a master counts as dead; `undefined` where nothing proves it. */
export type Death = {
  /** process: gone, as seen on its host. host: out of reach for us and for a majority of the masters' hosts. */
  readonly kind: 'process' | 'host';
  readonly evidence: readonly string[];
};

export type Replacement = {
  /** These forbid it, whatever the operator says. */
  readonly refusals: readonly Reason[];
  /** These are the operator's to accept, by typing the shard's name. */
  readonly accepted: readonly Reason[];
};

/**
 * Whether a replica may take over without its master's consent. FORCE asks the other masters for their votes and so
 * needs a majority; TAKEOVER asks nobody. With the master alive both lose what it acknowledged meanwhile (hundreds
 * of writes, REDIS.md), and a replica that holds no copy would take over with nothing.
 */
export function guardReplacement(
  situation: Situation,
  { shard, replica }: Choice,
  { mode, death }: { readonly mode: 'force' | 'takeover'; readonly death: Death | undefined },
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
  const alive: Reason = {
    code: 'master-alive',
    message: `nothing proves that ${master} is dead: what it acknowledges until it learns of its successor is lost`,
    hints: [`weedgo-redis failover ${master} without --${mode} loses nothing while it is alive.`],
  };
  return {
    refusals: [
      ...guardCopy(situation, { shard, replica }),
      ...(mode === 'force' ? guardMajority(situation) : []),
    ],
    accepted: [...(death ? [] : [alive]), ...(mode === 'takeover' && voters * 2 > masters ? [needless] : [])],
  };
}

/** A replica that was never copied to, or is being copied to, has nothing to offer. */
function guardCopy(situation: Situation, { shard, replica }: Choice): readonly Reason[] {
  if (!replica) return [];
  const { id } = replica.node;
  const info = viewOf(situation, replica)?.info;
  if (!info) {
    return [{ code: 'replica-unreachable', message: `${id} cannot be asked`, hints: [`Start ${id} first.`] }];
  }
  const copying = info['master_sync_in_progress'] === '1';
  const never = info['master_link_status'] !== 'up' && !((offsetOf(situation, replica) ?? 0) > 0);
  if (!copying && !never) return [];
  return [
    {
      code: 'replica-empty',
      message: `${id} holds no whole copy (${copying ? 'it is being copied to' : 'it never was in sync'}): the shard would be empty`,
      hints: [`Start ${shard.master.node.id} again, or restore a backup.`],
    },
  ];
}
