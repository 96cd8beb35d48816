import { formatBytes } from '../../base/bytes.ts';
import { astrayReplicas } from '../../cluster/astray.ts';
import { isBeingCopied, replicaLine } from '../../cluster/replica-line.ts';
import type { ReachableView } from '../../cluster/view.ts';
import type { Check, Finding } from '../check.ts';
import type { CheckInput } from '../input.ts';
import { byHand, call, ours } from '../remedy.ts';
import { loggedReason } from '../persistence/saving.ts';
import { formatSeconds, numberOf } from '../text.ts';
import type { Member } from '../topology.ts';
import { nodesWithoutDisk } from '../persistence/aftermath.ts';

/** Seconds without a word from a replica after which its master's count of lag is worth a finding. */
const lagSeconds = 10;

/** Each replica's own link to its master: gossip does not know when replication is broken. */
export const replication: Check = {
  name: 'replication links',
  section: 'redundancy',
  cluster: true,
  run: (input, topology) => {
    const explained = nodesWithoutDisk(input);
    return topology.members.flatMap((member) => {
      const { view, role, masterId } = member;
      const master = masterId === undefined ? undefined : topology.byId.get(masterId);
      if (role !== 'replica' || !view || topology.out.has(member.node.id)) return [];
      if (explained.has(member.node.id)) return [];
      // A master that does not answer has its finding; what its replicas lack follows from it.
      if (!master?.view) return [];
      return judge(input, { view, master, masterView: master.view });
    });
  },
};

type Pair = { readonly view: ReachableView; readonly master: Member; readonly masterView: ReachableView };

function judge(input: CheckInput, pair: Pair): readonly Finding[] {
  const { info } = pair.view;
  const isWaiting =
    info['master_link_status'] !== 'up' && isBeingCopied(replicaLine(pair.masterView, pair.view));
  if (isWaiting || info['master_sync_in_progress'] === '1') return [syncing(pair)];
  if (info['master_link_status'] !== 'up') {
    // The wrong masterauth is a finding of the security section.
    const { masterLogin = 'ours' } = pair.view;
    return masterLogin !== 'ours' ? [] : [linkDown(input, pair)];
  }
  return lagging(input, pair);
}

function linkDown(input: CheckInput, { view, master }: Pair): Finding {
  const { inventory } = input;
  const since = numberOf(view.info, 'master_link_down_since_seconds');
  return {
    id: 'WR-REPLICA-LINK-DOWN',
    severity: 'critical',
    title: `${view.node} does not receive what ${master.node.id} writes`,
    nodes: [view.node, master.node.id],
    hosts: [],
    seen: [
      `master_link_status:down${since === undefined || since < 0 ? '' : ` for ${formatSeconds(since)}`}`,
      ...wrongAddress(view),
      ...loggedReason(input, view.node),
    ].join('; '),
    expected: 'master_link_status:up, as the replica itself says',
    why: 'Its copy is getting older; it will refuse to take over, or take over and lose what came since.',
    remedy: [
      ours(inventory, 'check'),
      byHand('if check names a port that does not answer, let it through in the firewall or network'),
      call(inventory, view.node, 'CLUSTER', 'REPLICATE', master.nodeId),
      ours(inventory, 'restart', view.node),
    ],
    passing: true,
  };
}

/** Only its own view shows which address it calls. */
const wrongAddress = (view: ReachableView): readonly string[] =>
  astrayReplicas({ nodes: [view] }).map(
    ({ calls, address }) => `it calls ${calls}, and its master is at ${address}`,
  );

function syncing({ view, master, masterView }: Pair): Finding {
  const left = numberOf(view.info, 'master_sync_left_bytes') ?? 0;
  return {
    id: 'WR-REPLICA-SYNCING',
    severity: 'warning',
    title: `${view.node} is still copying all data from ${master.node.id}`,
    shared: { by: view.node, title: '{} are still copying all data from their masters' },
    nodes: [view.node, master.node.id],
    hosts: [],
    seen:
      view.info['master_sync_in_progress'] === '1'
        ? `master_sync_in_progress:1${left > 0 ? `, ${formatBytes(left)} left` : ''}`
        : `state=${replicaLine(masterView, view)?.state} on its master, which has another fork to end first`,
    expected: 'a replica in sync',
    why: 'Until it is done it cannot take over.',
    remedy: [],
    passing: true,
  };
}

/** What the master itself counts, at one instant: comparing two nodes' offsets would compare two moments. */
function lagging({ inventory }: CheckInput, pair: Pair): readonly Finding[] {
  const lag = lagOf(pair.masterView, pair.view);
  const backlog = numberOf(pair.masterView.info, 'repl_backlog_size') ?? Number.POSITIVE_INFINITY;
  if (!lag || (lag.seconds <= lagSeconds && lag.bytes <= backlog)) return [];
  return [
    {
      id: 'WR-REPLICA-LAG',
      severity: 'warning',
      title: `${pair.view.node} lags behind ${pair.master.node.id}`,
      shared: { by: pair.view.node, title: '{} lag behind their masters' },
      nodes: [pair.view.node, pair.master.node.id],
      hosts: [],
      seen: `${formatBytes(lag.bytes)} behind, last heard of ${formatSeconds(lag.seconds)} ago`,
      expected: `at most ${lagSeconds} s and less than the backlog of ${formatBytes(backlog)}`,
      why: 'A failover now would lose what the replica has not received.',
      remedy: [
        byHand(
          `find out what keeps ${pair.view.node} behind: the network between the two hosts, its disk, its load`,
        ),
        ours(inventory, 'status'),
      ],
      passing: true,
    },
  ];
}

/** As the master counts it. */
export type Lag = { readonly bytes: number; readonly seconds: number };

export function lagOf(master: ReachableView, replica: ReachableView): Lag | undefined {
  const line = replicaLine(master, replica);
  const head = numberOf(master.info, 'master_repl_offset');
  if (!line || head === undefined) return undefined;
  return { bytes: Math.max(0, head - line.offset), seconds: line.lag };
}
