import { agreementOf } from '../agreement.ts';
import { reachableNodes, unownedSlots } from '../shape.ts';
import type { Shard } from '../shape.ts';
import { formatRanges } from '../slots.ts';
import { lagOf, viewOf } from './situation.ts';
import type { Situation } from './situation.ts';
import type { Choice, Target } from './target.ts';

/** Why something is not done, and what to do about it. */
export type Reason = {
  readonly code: ReasonCode;
  readonly message: string;
  readonly hints: readonly string[];
};

export type ReasonCode =
  | 'no-shard'
  | 'no-replica'
  | 'replica-unreachable'
  | 'replica-link-down'
  | 'replica-lags'
  | 'replica-empty'
  | 'replica-drained'
  | 'master-unreachable'
  | 'failover-running'
  | 'slots-moving'
  | 'slots-uncovered'
  | 'cluster-down'
  | 'no-majority'
  | 'majority'
  | 'master-alive';

/** Every reason against a graceful failover; empty: it may be done. All are given at once. */
export function guardFailover(situation: Situation, choice: Choice): readonly Reason[] {
  return [...guardCluster(situation), ...guardShard(situation, choice)];
}

/** A host without masters is nothing to do; a node or shard that the cluster does not have is a reason. */
export function guardTarget(target: Target, choices: readonly Choice[]): readonly Reason[] {
  if (choices.length > 0 || target.kind === 'host') return [];
  const what = target.kind === 'node' ? target.node.id : `shard ${target.number}`;
  return [
    {
      code: 'no-shard',
      message: `${what} is no part of the cluster`,
      hints: ['weedgo-redis verify says what is wrong; weedgo-redis provision forms the cluster.'],
    },
  ];
}

/** What must hold of the whole cluster before anything is moved in it. */
export function guardCluster(situation: Situation): readonly Reason[] {
  return [
    ...guardSlots(situation),
    ...guardMajority(situation),
    ...guardState(situation),
    ...guardQuiet(situation),
  ];
}

function guardSlots({ members }: Situation): readonly Reason[] {
  const missing = unownedSlots(members);
  if (missing.length === 0) return [];
  return [
    {
      code: 'slots-uncovered',
      message: `slots ${formatRanges(missing)} are served by no node`,
      hints: ['weedgo-redis verify says what is wrong and how to mend it.'],
    },
  ];
}

/** A replica is elected by more than half of the masters that own slots; a master is counted in by what peers say. */
export function guardMajority(situation: Situation): readonly Reason[] {
  const { voters, masters } = countVoters(situation);
  if (voters * 2 > masters) return [];
  return [
    {
      code: 'no-majority',
      message: `only ${voters} of ${masters} masters take part, so no replica can be elected`,
      hints: [
        'Bring the masters back.',
        'If they cannot come back: weedgo-redis failover NODE --takeover needs no majority.',
      ],
    },
  ];
}

export function countVoters(situation: Situation): { readonly voters: number; readonly masters: number } {
  const masters = situation.shards.map(({ master }) => master);
  const voters = masters.filter((master) => viewOf(situation, master) && !isFailed(situation, master.nodeId));
  return { voters: voters.length, masters: masters.length };
}

function guardState({ view }: Situation): readonly Reason[] {
  const down = reachableNodes(view).filter(({ clusterInfo }) => clusterInfo['cluster_state'] !== 'ok');
  if (down.length === 0) return [];
  return [
    {
      code: 'cluster-down',
      message: `${down.map(({ node }) => node).join(', ')} say that the cluster is down (cluster_state)`,
      hints: ['weedgo-redis verify says what is wrong and how to mend it.'],
    },
  ];
}

/** Nodes that differ about roles or slots, or a master that they hold for failed: an election is under way or due. */
function guardQuiet(situation: Situation): readonly Reason[] {
  const failed = situation.shards.filter(({ master }) => isFailed(situation, master.nodeId));
  const disputed = agreementOf(situation.view).disagreements.filter(({ aspect }) => aspect !== 'epoch');
  const failing = reachableNodes(situation.view).filter(
    ({ info }) => (info['master_failover_state'] ?? 'no-failover') !== 'no-failover',
  );
  const signs = [
    ...failed.map(
      ({ master }) => `${master.node.id} has failed and its replicas are about to elect a successor`,
    ),
    ...disputed.map(
      ({ node, nodeId, aspect }) => `the nodes do not agree on the ${aspect} of ${node ?? nodeId}`,
    ),
    ...failing.map(({ node }) => `${node} is in a FAILOVER of its own`),
  ];
  if (signs.length === 0) return [];
  return [
    {
      code: 'failover-running',
      message: `another failover runs: ${signs.join('; ')}`,
      hints: [
        'Wait some seconds and run the command again; weedgo-redis verify shows whether it has settled.',
      ],
    },
  ];
}

function guardShard(situation: Situation, { shard, replica }: Choice): readonly Reason[] {
  if (!replica) {
    const message = `${shard.master.node.id} has no replica that could take over`;
    return [{ code: 'no-replica', message, hints: ['weedgo-redis provision restores missing replicas.'] }];
  }
  return [
    ...guardMaster(situation, shard),
    ...guardMoving(situation, shard),
    ...guardReplica(situation, { shard, replica }),
  ];
}

function guardMaster({ view }: Situation, { master }: Shard): readonly Reason[] {
  const seen = view.nodes.find(({ node }) => node === master.node.id);
  if (seen?.reachable === true) return [];
  const why = seen?.reason ?? 'it is not in the view';
  return [
    {
      code: 'master-unreachable',
      message: `${master.node.id} cannot be asked (${why}), and a graceful failover needs it`,
      hints: [`weedgo-redis failover ${master.node.id} --force replaces a master that is gone.`],
    },
  ];
}

function guardMoving(situation: Situation, { master }: Shard): readonly Reason[] {
  const open =
    viewOf(situation, master)?.nodes.find(({ nodeId }) => nodeId === master.nodeId)?.openSlots ?? [];
  if (open.length === 0) return [];
  return [
    {
      code: 'slots-moving',
      message: `${master.node.id} is moving ${open.length} slots; their state would not survive the failover`,
      hints: ['Finish the move first.'],
    },
  ];
}

function guardReplica(situation: Situation, { shard, replica }: Required<Choice>): readonly Reason[] {
  if (!replica) return [];
  const { id, host } = replica.node;
  const info = viewOf(situation, replica)?.info;
  if (!info) {
    return [{ code: 'replica-unreachable', message: `${id} cannot be asked`, hints: [`Start ${id} first.`] }];
  }
  const reasons: Reason[] = [];
  if (situation.drained.includes(host)) {
    const hints = [`weedgo-redis undrain ${host} brings it back.`];
    reasons.push({ code: 'replica-drained', message: `${id} is on ${host}, which is being drained`, hints });
  }
  if (info['master_link_status'] !== 'up') {
    const what = info['master_sync_in_progress'] === '1' ? 'is still being copied to' : 'is down';
    const message = `${id}'s replication link ${what}: it would take over without the newest data`;
    const hints = [`Wait for it, or look at the end of ${id}'s log; weedgo-redis verify names the cause.`];
    return [...reasons, { code: 'replica-link-down', message, hints }];
  }
  const lag = lagOf(situation, shard, replica);
  if (lag !== undefined && lag > situation.maxLag) {
    const message = `${id} is ${lag} bytes behind ${shard.master.node.id}; at most ${situation.maxLag} are allowed`;
    const hints = ['Wait until it has caught up, or raise --max-lag.'];
    reasons.push({ code: 'replica-lags', message, hints });
  }
  return reasons;
}

/** Anybody's FAIL counts: it is only set by agreement of a majority. */
export function isFailed({ view }: Situation, nodeId: string): boolean {
  return reachableNodes(view).some(({ nodes }) =>
    nodes.some((line) => line.nodeId === nodeId && line.flags.includes('fail')),
  );
}
