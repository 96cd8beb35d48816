import type { Check } from '../check.ts';
import { ours } from '../remedy.ts';
import { count } from '../text.ts';
import { fatalLosses } from './losses.ts';

/** Masters lie on the hosts as evenly as the inventory's layout has them. */
export const spread: Check = {
  name: 'masters spread over the hosts',
  section: 'redundancy',
  cluster: true,
  run: (input, topology) => {
    const { inventory } = input;
    const masters = topology.shards.map(({ master }) => master.node.host);
    const preferred = inventory.nodes
      .filter(({ preferredRole }) => preferredRole === 'master')
      .map(({ host }) => host);
    const [host, most] = fullest(masters);
    const isUneven = most > fullest(preferred)[1] && inventory.hosts.length > 1;
    // While nodes are out masters are where they can be; and a fatal loss says the same with more weight.
    const isSaid =
      topology.out.size > 0 ||
      Object.keys(input.pending.drained).length > 0 ||
      fatalLosses(input, topology).length > 0;
    if (!isUneven || isSaid || inventory.antiAffinity === 'none') return [];
    return [
      {
        id: 'WR-MASTERS-UNEVEN',
        severity: 'info',
        title: `${host} carries ${count(most, 'master')}`,
        nodes: topology.shards
          .map(({ master }) => master.node)
          .filter((node) => node.host === host)
          .map(({ id }) => id),
        hosts: [host],
        seen: `${most} of ${masters.length} masters are on ${host}`,
        expected: `at most ${fullest(preferred)[1]} on one host, as the inventory has it`,
        why: 'This host carries more of the load, and its loss costs more, than planned.',
        remedy: [ours(inventory, 'balance-masters')],
      },
    ];
  },
};

function fullest(hosts: readonly string[]): readonly [host: string, number: number] {
  const counts = new Map<string, number>();
  for (const host of hosts) counts.set(host, (counts.get(host) ?? 0) + 1);
  return [...counts].toSorted((a, b) => b[1] - a[1])[0] ?? ['', 0];
}
