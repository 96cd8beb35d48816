import { agreementOf } from '../agreement.ts';
import { reachableNodes, unownedSlots } from '../shape.ts';
import { describeRanges } from '../slots.ts';
import type { Reason } from './reason.ts';
import { viewOf } from './situation.ts';
import type { Situation } from './situation.ts';

/** What must hold of the whole cluster before anything is moved in it. */
export function guardCluster(situation: Situation): readonly Reason[] {
  const blind = guardSight(situation);
  if (blind.length > 0) return blind;
  return [
    ...guardSlots(situation),
    ...guardMajority(situation),
    ...guardState(situation),
    ...guardQuiet(situation),
  ];
}

/** Where no node answers there is one thing to say, whatever else seems to be missing. */
export function guardSight({ view }: Situation): readonly Reason[] {
  if (reachableNodes(view).length > 0) return [];
  const isAuth = view.nodes.some((node) => !node.reachable && node.failure === 'auth');
  const message = isAuth
    ? 'no node of the cluster accepts the password of the inventory'
    : 'no node of the cluster answers';
  const start = isAuth ? '' : 'weedgo-redis start brings stopped nodes back; ';
  return [
    {
      code: 'no-answer',
      message,
      hints: [`${start}Run \`weedgo-redis verify\`: it says why a node does not answer.`],
    },
  ];
}

function guardSlots({ members }: Situation): readonly Reason[] {
  const missing = unownedSlots(members);
  if (missing.length === 0) return [];
  return [
    {
      code: 'slots-uncovered',
      message: `slots ${describeRanges(missing)} are served by no node`,
      hints: ['Run `weedgo-redis verify`: it says what is wrong and how to fix it.'],
    },
  ];
}

/**
 * A replica is elected by more than half of the masters that own slots; a master is counted in by what peers
 * say.
 */
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
      hints: ['Run `weedgo-redis verify`: it says what is wrong and how to fix it.'],
    },
  ];
}

/**
 * Nodes that differ about roles or slots, or a master that they hold for failed: an election is under way or
 * due.
 */
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

/** Anybody's FAIL counts: it is only set by agreement of a majority. */
function isFailed({ view }: Situation, nodeId: string): boolean {
  return reachableNodes(view).some(({ nodes }) =>
    nodes.some((line) => line.nodeId === nodeId && line.flags.includes('fail')),
  );
}
