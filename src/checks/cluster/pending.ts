import type { Check, CheckInput, Finding } from '../check.ts';
import { ours } from '../remedy.ts';
import { titled } from '../shared.ts';

/** What operators have begun and not ended: a drained host, a rolling restart or a drill that was interrupted. */
export const pending: Check = {
  name: 'nothing left unfinished',
  section: 'cluster',
  cluster: true,
  run: (input) => [...drained(input), ...interrupted(input, 'restart'), ...interrupted(input, 'drill')],
};

function drained({ inventory, pending: { drained: hosts } }: CheckInput): readonly Finding[] {
  return Object.entries(hosts).map(([host, since]) => ({
    id: 'WR-HOST-DRAINED',
    severity: 'info',
    ...titled(host, '{} {is|are} drained'),
    nodes: [],
    hosts: [host],
    seen: `drained since ${since}: it has no masters, and its replicas may not take over`,
    expected: 'a drained host is given back its masters after the maintenance',
    why: 'Until then the cluster has less in reserve than the inventory means it to have.',
    remedy: [ours(inventory, 'undrain', host)],
  }));
}

function interrupted(
  { inventory, pending: begun }: CheckInput,
  what: 'restart' | 'drill',
): readonly Finding[] {
  const since = begun[what];
  if (since === undefined) return [];
  return [
    {
      id: what === 'restart' ? 'WR-RESTART-UNFINISHED' : 'WR-DRILL-UNFINISHED',
      severity: 'warning',
      title: `a ${what} did not come to its end`,
      nodes: [],
      hosts: [],
      seen: `begun ${since}, not finished`,
      expected: `no ${what} under way`,
      why: 'Part of the nodes are as they were before it, or masters are not where they belong.',
      remedy: [ours(inventory, ...(what === 'restart' ? ['restart', 'all'] : ['drill']))],
    },
  ];
}
