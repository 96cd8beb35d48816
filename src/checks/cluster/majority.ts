import type { Inventory } from '../../inventory/inventory.ts';
import type { Check } from '../check.ts';
import { byHand, ours } from '../remedy.ts';
import { hasMajority, standingOf, takeoversOf, votersOf } from '../takeovers.ts';
import { joinNames } from '../text.ts';
import type { Topology } from '../topology.ts';

/** More than half of the masters that own slots take part, by the word of the nodes that answer. */
export const majority: Check = {
  name: 'majority of masters',
  section: 'cluster',
  cluster: true,
  run: ({ inventory }, topology) => {
    const { voters, masters } = votersOf(topology);
    const isDown = topology.reachable.some(({ clusterInfo }) => clusterInfo['cluster_state'] !== 'ok');
    if (masters === 0 || hasMajority({ voters, masters }) || !isDown) return [];
    const gone = topology.shards
      .map(({ master }) => master)
      .filter((master) => ['failed', 'suspected'].includes(standingOf(topology, master)))
      .map(({ node }) => node.id);
    if (gone.length === 0) return [];
    return [
      {
        id: 'WR-MAJORITY-LOST',
        severity: 'critical',
        title: `only ${voters} of ${masters} masters take part: no majority is left`,
        nodes: gone,
        hosts: [],
        seen: `${joinNames(gone)} ${gone.length === 1 ? 'does' : 'do'} not answer the other nodes`,
        expected: `at least ${Math.floor(masters / 2) + 1} of ${masters} masters take part`,
        why: 'Every node answers CLUSTERDOWN, no failure is agreed on, and no replica is elected by itself.',
        remedy: remedyOf(inventory, topology, gone),
        passing: true,
        explains: [{ ids: ['WR-STATE-FAIL'] }],
        // What keeps these nodes down has the commands that bring a majority back.
        dueTo: [{ ids: ['WR-START-UNSAFE', 'WR-NODE-DOWN'], nodes: gone }],
      },
    ];
  },
};

function remedyOf(inventory: Inventory, topology: Topology, gone: readonly string[]): readonly string[] {
  const takeovers = [...takeoversOf(inventory, topology).values()].flat();
  if (takeovers.length === 0) return [ours(inventory, 'start')];
  return [byHand(`if ${joinNames(gone)} cannot be brought back at once:`), ...takeovers];
}
