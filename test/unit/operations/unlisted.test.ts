import { expect, test } from 'vitest';
import type { ClusterView } from '../../../src/cluster/view.ts';
import type { Facts } from '../../../src/host/facts.ts';
import { unlistedNodes } from '../../../src/operations/lifecycle/unlisted.ts';
import type { OtherConfigurations } from '../../../src/operations/lifecycle/other-configurations.ts';
import { healthyInput } from '../../support/healthy.ts';
import { localInventory } from '../../support/inventory.ts';

const all = localInventory([7000, 7001, 7002, 7003, 7004, 7005]);
const half = localInventory([7000, 7001, 7002], { replicas: 0 });
const { view, hosts } = healthyInput(all);
const [whole] = Object.values(hosts).flatMap((host) => (host.reachable ? [host.facts] : []));
const silent: ClusterView = {
  nodes: all.nodes.map(({ id }) => ({ reachable: false, node: id, failure: 'refused', reason: 'refused' })),
};
const none: OtherConfigurations = new Map();
const others = ['127.0.0.1:7003', '127.0.0.1:7004', '127.0.0.1:7005'];

function factsWith(folder: 'kept' | 'absent'): readonly Facts[] {
  if (!whole) throw new Error('no facts');
  if (folder === 'kept') return [whole];
  const absent = { folder: { kind: 'absent' }, leftBehind: undefined, asides: [] } as const;
  return [{ ...whole, data: Object.fromEntries(half.nodes.map(({ id }) => [id, absent])) }];
}

test.each([
  { what: 'nodes that answer', sources: { view, facts: factsWith('absent'), others: none } },
  { what: 'a nodes.conf', sources: { view: silent, facts: factsWith('kept'), others: none } },
])('the nodes that the inventory does not list, by the word of $what', ({ sources }) => {
  expect(unlistedNodes(half, sources)).toEqual({ nodes: others, isKnown: true });
  expect(unlistedNodes(all, sources)).toEqual({ nodes: [], isKnown: true });
});

test('a node that is marked as failed may have its data', () => {
  const failed: ClusterView = {
    nodes: view.nodes.map((node) =>
      node.reachable
        ? { ...node, nodes: node.nodes.map((line) => ({ ...line, flags: [...line.flags, 'fail' as const] })) }
        : node,
    ),
  };
  expect(unlistedNodes(half, { view: failed, facts: [], others: none }).nodes).toEqual(others);
});

test('configurations on the hosts name nodes as well, and by their paths where they do not say more', () => {
  const directives = { port: [['7003']], 'cluster-announce-ip': [['127.0.0.1']] };
  const found: OtherConfigurations = new Map([
    [
      'local',
      [
        { path: '/state/7003/redis.conf', directives },
        { path: '/state/7009/redis.conf', directives: undefined },
      ],
    ],
  ]);
  expect(unlistedNodes(half, { view: silent, facts: factsWith('absent'), others: found })).toEqual({
    nodes: ['127.0.0.1:7003', 'local:/state/7009/redis.conf'],
    isKnown: false,
  });
});

test('where nothing says which nodes there are, that is not known', () => {
  const sources = { view: silent, facts: factsWith('absent'), others: none };
  expect(unlistedNodes(half, sources)).toEqual({ nodes: [], isKnown: false });
});
