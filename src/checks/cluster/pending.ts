import type { Inventory, Node } from '../../inventory/inventory.ts';
import type { Check, Finding } from '../check.ts';
import type { CheckInput } from '../input.ts';
import { ours } from '../remedy.ts';
import { titled } from '../shared.ts';

/** What operators have begun and not ended: a drained host, a rolling restart or a drill that was interrupted. */
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

function interruptedRestart({ inventory, pending: { restart } }: CheckInput): readonly Finding[] {
  if (!restart) return [];
  return [
    {
      id: 'WR-RESTART-UNFINISHED',
      ...unfinished('restart', restart.since),
      why: 'Part of the nodes are as they were before it, or masters are not where they belong.',
      remedy: [ours(inventory, 'restart', ...targetOf(inventory, restart.nodes))],
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

function interruptedDrill({ inventory, pending: { drill } }: CheckInput): readonly Finding[] {
  if (drill === undefined) return [];
  return [
    {
      id: 'WR-DRILL-UNFINISHED',
      ...unfinished('drill', drill),
      why: 'It may have left a node down, and masters are not where they belong.',
      remedy: [ours(inventory, 'start'), ours(inventory, 'balance-masters')],
    },
  ];
}

const unfinished = (what: string, since: string) =>
  ({
    severity: 'warning',
    title: `a ${what} was interrupted`,
    nodes: [],
    hosts: [],
    seen: `begun ${since}, not finished`,
    expected: `no ${what} under way`,
  }) as const;
