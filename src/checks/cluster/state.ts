import { uncoveredSlots } from '../../cluster/slots.ts';
import type { ReachableView } from '../../cluster/view.ts';
import type { Check } from '../check.ts';
import { call } from '../remedy.ts';
import { joinNames } from '../text.ts';
import type { Topology } from '../topology.ts';

/**
 * cluster_state on every node. Where slots or masters are missing, the findings about those say that the state is
 * fail; here is what is left: a node that refuses to serve although nothing seems to be missing.
 */
export const state: Check = {
  name: 'cluster state',
  section: 'cluster',
  cluster: true,
  run: ({ inventory }, topology) => {
    const failing = topology.reachable.filter((view) => isFailing(view) && !isExplained(view, topology));
    if (failing.length === 0) return [];
    const nodes = failing.map(({ node }) => node);
    return [
      {
        id: 'WR-STATE-FAIL',
        severity: 'critical',
        title: `${joinNames(nodes)} ${nodes.length === 1 ? 'says' : 'say'} that the cluster is down`,
        nodes,
        hosts: [],
        seen: `cluster_state:fail, although every slot has an owner that ${nodes.length === 1 ? 'it' : 'they'} can reach`,
        expected: 'cluster_state:ok on every node',
        why: 'A node in this state answers CLUSTERDOWN to every client.',
        remedy: nodes.map((node) => call(inventory, node, 'CLUSTER', 'INFO')),
        passing: true,
      },
    ];
  },
};

function isFailing({ clusterInfo }: ReachableView): boolean {
  return clusterInfo['cluster_state'] !== 'ok';
}

function isExplained(view: ReachableView, topology: Topology): boolean {
  const served = view.nodes.filter(({ flags }) => !flags.includes('fail')).flatMap(({ slots }) => slots);
  if (uncoveredSlots(served).length > 0 || topology.out.has(view.node)) return true;
  const masters = view.nodes.filter(({ role, slots }) => role === 'master' && slots.length > 0);
  const failed = masters.filter(({ flags }) => flags.includes('fail') || flags.includes('fail?'));
  return failed.length * 2 >= masters.length;
}
