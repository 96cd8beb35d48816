import type { Check, Finding } from '../check.ts';
import type { CheckInput } from '../input.ts';
import { byHand, ours } from '../remedy.ts';
import { titled } from '../shared.ts';
import type { Topology } from '../topology.ts';

/**
 * What answered in part only: the checks that needed the rest have seen nothing, which is not the same as
 * healthy.
 */
export const unchecked: Check = {
  name: 'everything could be checked',
  section: 'cluster',
  run: (input, topology) => [
    ...nodesInPart(input, topology),
    ...hostsInPart(input),
    ...(input.pendingUnread === undefined ? [] : [operations(input, input.pendingUnread)]),
  ],
};

const common = {
  id: 'WR-NOT-CHECKED',
  severity: 'warning',
  expected: 'an answer to every question',
} as const satisfies Partial<Finding>;

function nodesInPart({ inventory, probes }: CheckInput, { reachable }: Topology): readonly Finding[] {
  return reachable
    .filter(({ node }) => probes[node] === undefined)
    .map(({ node }) => ({
      ...common,
      ...titled(node, '{} could be checked in part only'),
      nodes: [node],
      hosts: [],
      seen: 'it gave its state and did not answer what came after (users, links, latency, slow log)',
      why: 'What those would have shown is not in this report.',
      remedy: [ours(inventory, 'verify')],
    }));
}

function hostsInPart({ inventory, hosts, hostProbes }: CheckInput): readonly Finding[] {
  return inventory.hosts
    .filter(({ name }) => hosts[name]?.reachable === true && hostProbes[name] === undefined)
    .map(({ name }) => ({
      ...common,
      ...titled(name, '{} could be checked in part only'),
      nodes: [],
      hosts: [name],
      seen: 'its facts were read, and the script that looks at data folders, processes and the kernel log failed',
      why: 'What that would have shown is not in this report.',
      remedy: [ours(inventory, 'verify')],
    }));
}

/** Drained hosts and unfinished restarts are known from what operators left on the hosts. */
function operations({ inventory, hosts }: CheckInput, reason: string): Finding {
  const isCut = Object.values(hosts).some(({ reachable }) => !reachable);
  return {
    ...common,
    title: 'the journal could not be read: what operators have begun is not known',
    nodes: [],
    hosts: [],
    seen: reason,
    why: 'Whether a host is drained, or a restart unfinished, is not known.',
    remedy: [byHand('fix what is seen here'), ours(inventory, 'verify')],
    ...(isCut && { dueTo: [{ ids: ['WR-HOST-UNREACHABLE'] as const }] }),
  };
}
