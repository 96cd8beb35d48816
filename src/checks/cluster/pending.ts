import type { Inventory, Node } from '../../inventory/inventory.ts';
import type { Check, Finding } from '../check.ts';
import type { CheckInput, Pending } from '../input.ts';
import { byHand, ours } from '../remedy.ts';
import { titled } from '../shared.ts';

/**
 * What operators have begun and not ended: a drained host, a rolling restart or a drill that was interrupted.
 */
export const pending: Check = {
  name: 'nothing left unfinished',
  section: 'cluster',
  cluster: true,
  run: (input) => [...drained(input), ...interruptedRestart(input), ...interruptedDrill(input)],
};

/** A maintenance that takes longer than this was forgotten. */
const maintenanceMs = 24 * 3_600_000;

function drained({ inventory, now, pending: { drained: hosts } }: CheckInput): readonly Finding[] {
  return Object.entries(hosts).map(([host, since]) => ({
    id: 'WR-HOST-DRAINED',
    severity: now - Date.parse(since) > maintenanceMs ? 'warning' : 'info',
    ...titled(host, '{} {is|are} drained'),
    nodes: [],
    hosts: [host],
    seen: `drained since ${since}: it has no masters, and its replicas may not take over`,
    expected: 'a drained host is given back its masters after the maintenance',
    why: 'Until then the cluster has less in reserve than the inventory means it to have.',
    remedy: [ours(inventory, 'undrain', host)],
  }));
}

function interruptedRestart({ inventory, pending: { restart, underWay } }: CheckInput): readonly Finding[] {
  if (!restart) return [];
  return [
    {
      id: 'WR-RESTART-UNFINISHED',
      why: 'Part of the nodes are as they were before it, or masters are not where they belong.',
      remedy: [
        restart.command === undefined
          ? ours(inventory, 'restart', ...targetOf(inventory, restart.nodes))
          : ours(inventory, restart.command),
      ],
      ...unfinished('restart', { since: restart.since, underWay, command: restart.command }),
    },
  ];
}

/** The target that names the same nodes; `all --fresh` where this inventory has no such target any more. */
function targetOf(inventory: Inventory, nodes: readonly string[]): readonly string[] {
  const same = (group: readonly Node[]): boolean =>
    group.length === nodes.length && group.every(({ id }) => nodes.includes(id));
  if (same(inventory.nodes)) return ['all'];
  const [node = ''] = nodes;
  if (nodes.length === 1) return [node];
  const host = inventory.hosts.find((each) => same(each.nodes));
  if (host) return [host.name];
  const shard = inventory.nodes.find((each) =>
    same(inventory.nodes.filter((other) => other.shard === each.shard)),
  )?.shard;
  return shard === undefined ? ['all', '--fresh'] : [String(shard)];
}

function interruptedDrill({ inventory, pending: { drill, underWay } }: CheckInput): readonly Finding[] {
  if (drill === undefined) return [];
  return [
    {
      id: 'WR-DRILL-UNFINISHED',
      why: 'It may have left a node down, and masters are not where they belong.',
      remedy: [ours(inventory, 'start'), ours(inventory, 'balance-masters')],
      ...unfinished('drill', { since: drill, underWay }),
    },
  ];
}

type Begun = {
  readonly since: string;
  readonly underWay: Pending['underWay'];
  readonly command?: string | undefined;
};

/**
 * While the command that began it holds the lock, there is nothing to fix: any other would only wait for it.
 */
function unfinished(
  what: 'restart' | 'drill',
  { since, underWay, command = what }: Begun,
): Pick<Finding, 'severity' | 'title' | 'nodes' | 'hosts' | 'seen' | 'expected'> & Partial<Finding> {
  const about = { nodes: [], hosts: [], expected: `no ${what} under way` };
  if (underWay === undefined || underWay.reason.split(' ')[0] !== command)
    return {
      severity: 'warning',
      title: `a ${what} was interrupted`,
      seen: `begun ${since}, not finished`,
      ...about,
    };
  return {
    severity: 'info',
    title: `a ${what} is under way`,
    seen: `begun ${since}; ${underWay.owner} holds the lock for ${underWay.reason}`,
    ...about,
    remedy: [byHand(`wait until it ends, then run verify again`)],
  };
}
