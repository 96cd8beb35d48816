import type { Check } from '../check.ts';
import { wantedOf } from '../configuration/drift.ts';
import { call } from '../remedy.ts';
import { titled } from '../shared.ts';

const directive = 'cluster-replica-no-failover';

/** Every replica may take over, but for those on drained hosts and where the inventory says otherwise. */
export const electable: Check = {
  name: 'replicas may take over',
  section: 'redundancy',
  cluster: true,
  run: (input, { members }) => {
    const wanted = wantedOf(input);
    return members
      .filter(({ role, view }) => role === 'replica' && view?.config[directive] === 'yes')
      .filter(({ node }) => input.pending.drained[node.host] === undefined)
      .filter(({ node }) => wanted[node.id]?.[directive]?.flat().join('') !== 'yes')
      .map(({ node }) => ({
        id: 'WR-REPLICA-NO-FAILOVER',
        severity: 'warning',
        ...titled(node.id, '{} may not take over from {its master|their masters}'),
        nodes: [node.id],
        hosts: [],
        seen: `${directive} yes, although ${node.host} is not drained`,
        expected: `${directive} no`,
        why: 'When its master fails nobody takes over, and its slots are not served.',
        remedy: [call(input.inventory, node.id, 'CONFIG', 'SET', directive, 'no')],
      }));
  },
};
