import type { Node } from '../../inventory/inventory.ts';
import type { Shard } from '../shape.ts';
import type { NodeTopology } from '../view.ts';
import { guardCluster, guardSight } from './guard-cluster.ts';
import { seatsOf, swapAll } from './outlook.ts';
import type { Reason } from './reason.ts';
import { bringBack, lagOf, viewOf } from './situation.ts';
import type { Situation } from './situation.ts';
import type { Choice, Target } from './target.ts';
import { guardWrites } from './writes.ts';

/**
 * Every reason against these graceful failovers, and against what is away after them; empty: they may be
 * done. All are given at once.
 */
export function guardFailovers(
  situation: Situation,
  choices: readonly Choice[],
  away?: (node: Node) => boolean,
): readonly Reason[] {
  const reasons = choices.map((choice) => guardShard(situation, choice));
  const sound = choices.filter((_, index) => reasons[index]?.length === 0);
  const seats = seatsOf(situation.inventory, situation.view);
  return [
    ...(choices.length > 0 ? guardCluster(situation) : []),
    ...reasons.flat(),
    // Of a failover that is refused nothing more is known.
    ...guardWrites({ seats }, { seats: swapAll(seats, sound), ...(away && { away }) }),
  ];
}

/**
 * A node or shard that the cluster does not have is a reason. A host without masters is none, nor a node that
 * has lost its shard to another: then there is nothing to do.
 */
export function guardTarget(
  situation: Situation,
  target: Target,
  choices: readonly Choice[],
): readonly Reason[] {
  const blind = guardSight(situation);
  if (blind.length > 0) return blind;
  if (choices.length > 0 || target.kind === 'host') return [];
  if (target.kind === 'heir') return guardHeir(situation, target.node);
  const wanted = target.kind === 'node' ? target.node.shard : target.number;
  if (situation.shards.some(({ number }) => number === wanted)) return [];
  return [notInCluster(target.kind === 'node' ? target.node.id : `shard ${target.number}`)];
}

/** What is to be the master is one already: that has to be seen. */
function guardHeir(situation: Situation, { id }: Node): readonly Reason[] {
  const seen = situation.view.nodes.find(({ node }) => node === id);
  if (seen && !seen.reachable) {
    const message = `${id} does not respond (${seen.reason})`;
    return [
      { code: 'replica-unreachable', message, hints: ['Run `weedgo-redis verify`: it names the cause.'] },
    ];
  }
  return situation.shards.some(({ master }) => master.node.id === id) ? [] : [notInCluster(id)];
}

function notInCluster(what: string): Reason {
  return {
    code: 'no-shard',
    message: `${what} is not part of the cluster`,
    hints: ['Run `weedgo-redis verify` for details; `weedgo-redis provision` forms the cluster.'],
  };
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
  if (seen?.reachable === true) return guardLogin(seen);
  const why = seen?.reason ?? 'it is not in the view';
  const isUp = seen && ['full', 'protected', 'auth', 'loading'].includes(seen.failure);
  return [
    {
      code: 'master-unreachable',
      message: `${master.node.id} does not respond (${why}), and a graceful failover needs it`,
      hints: isUp
        ? [`${master.node.id} runs: weedgo-redis verify names what keeps it from answering, and the way out.`]
        : [
            'Run weedgo-redis verify first: it names why. A process that is only stopped continues without a loss.',
            `weedgo-redis failover ${master.node.id} --force replaces a master that is gone.`,
          ],
    },
  ];
}

/** It becomes a replica, and would never get its successor's data. */
function guardLogin({ node, masterLogin = 'ours' }: NodeTopology): readonly Reason[] {
  if (masterLogin === 'ours') return [];
  return [
    {
      code: 'master-login',
      message: `${node} could not log in to its successor: its masterauth or masteruser is not the inventory's`,
      hints: ['weedgo-redis provision sets it, then run the same command again.'],
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
    const hints = [bringBack(situation, id)];
    return [{ code: 'replica-unreachable', message: `${id} does not respond`, hints }];
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
