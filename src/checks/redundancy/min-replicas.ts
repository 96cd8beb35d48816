import { numberIn } from '../../cluster/parse.ts';
import type { Check } from '../check.ts';
import { ours } from '../remedy.ts';
import { count } from '../text.ts';

/** A master with fewer good replicas than its own min-replicas-to-write answers NOREPLICAS to every write. */
export const minReplicas: Check = {
  name: 'replicas needed to write',
  section: 'redundancy',
  cluster: true,
  run: ({ inventory }, { shards }) =>
    shards.flatMap(({ number, master, replicas }) => {
      const { view } = master;
      const needed = Number(view?.config['min-replicas-to-write']);
      // The server lists it only where the directive is set (INFO replication).
      const good = view && numberIn(view.info, 'min_slaves_good_slaves');
      if (!view || good === undefined || !(needed > good)) return [];
      const away = replicas.map(({ node }) => node.id);
      return [
        {
          id: 'WR-WRITES-REFUSED',
          severity: 'critical',
          title: `shard ${number} refuses writes: ${good} of ${needed} good replicas`,
          nodes: [master.node.id],
          hosts: [],
          seen: `min_slaves_good_slaves:${good} and min-replicas-to-write ${needed} on ${master.node.id}`,
          expected: `at least ${count(needed, 'replica')} in sync with ${master.node.id}`,
          why: 'Every write to these slots fails with NOREPLICAS until enough replicas are in sync.',
          remedy: [ours(inventory, 'start')],
          passing: true,
          dueTo: [{ ids: ['WR-NODE-DOWN', 'WR-HOST-UNREACHABLE', 'WR-REPLICA-LINK-DOWN'], nodes: away }],
        },
      ];
    }),
};
