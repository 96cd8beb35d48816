import type { Check } from '../check.ts';
import { wantedOf } from '../configuration/drift.ts';
import { noFailover } from '../../cluster/step.ts';
import { hasWholeCopy } from '../../cluster/whole-copy.ts';
import { call, ours } from '../remedy.ts';
import { titled } from '../shared.ts';

/** Every replica may take over, except on drained hosts and where the inventory says otherwise. */
export const electable: Check = {
  name: 'replicas may take over',
  section: 'redundancy',
  cluster: true,
  run: (input, { members }) => {
    const wanted = wantedOf(input);
    const { inventory } = input;
    return members
      .filter(({ role, view }) => role === 'replica' && view?.config[noFailover] === 'yes')
      .filter(({ node }) => input.pending.drained[node.host] === undefined)
      .filter(({ node }) => wanted[node.id]?.[noFailover]?.flat().join('') !== 'yes')
      .map(({ node, view }) => ({ node, isWhole: view !== undefined && hasWholeCopy(view.info) }))
      .map(({ node, isWhole }) => ({
        id: 'WR-REPLICA-NO-FAILOVER',
        severity: 'warning',
        ...titled(node.id, '{} may not take over from {its master|their masters}'),
        nodes: [node.id],
        hosts: [],
        seen: `${noFailover} yes, although ${node.host} is not drained${isWhole ? '' : '; its master has not copied everything to it yet'}`,
        expected: `${noFailover} no`,
        why: 'When its master fails no replica takes over, and its slots are not served.',
        // In the midst of its first copy it has nothing to take over with, and a run waits for it or was
        // interrupted.
        remedy: isWhole
          ? [call(inventory, node.id, 'CONFIG', 'SET', noFailover, 'no')]
          : [ours(inventory, 'provision')],
      }));
  },
};
