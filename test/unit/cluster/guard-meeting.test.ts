import { expect, test } from 'vitest';
import { guardMeeting } from '../../../src/cluster/guard-meeting.ts';
import type { NodeView } from '../../../src/cluster/view.ts';
import { type Oddity, sixNodes, viewOf } from './scene.ts';

const inventory = sixNodes();
const [first, peerId] = ['redis1:7000', 'redis2:7004'];
const rest = ['redis2:7001', 'redis3:7002', 'redis1:7003', 'redis3:7005'];

/** Why redis1:7000 may not meet redis2:7004. */
function refusals(nodes: Readonly<Record<string, Oddity>>): readonly string[] {
  const views = new Map(viewOf(inventory, { start: 'formed', nodes }).nodes.map((view) => [view.node, view]));
  const viewAt = (id: string): NodeView => {
    const view = views.get(id);
    if (!view) throw new Error(`no ${id}`);
    return view;
  };
  const met = guardMeeting(inventory, { nodes: [viewAt(first)], peer: viewAt(peerId) });
  return met.map(({ reason }) => reason);
}

test.each<readonly [name: string, nodes: Readonly<Record<string, Oddity>>, expected: readonly string[]]>([
  ['a member that the node has forgotten', { [first]: { knows: rest } }, []],
  [
    'a member that was forgotten and has taken over since',
    { [first]: { knows: rest }, [peerId]: { master: true, slots: '0-5460', epoch: 9 } },
    [],
  ],
  ['an empty node', { [first]: { knows: rest }, [peerId]: { knows: [], master: true } }, []],
  [
    'keys of a node that belongs to no cluster',
    { [first]: { knows: rest }, [peerId]: { knows: [], master: true, keys: 3 } },
    ['it holds 3 keys and belongs to no cluster'],
  ],
  [
    'slots that the cluster has an owner for',
    { [first]: { knows: rest }, [peerId]: { knows: [], master: true, slots: '5-7' } },
    [`${peerId} and ${first} own the slots 5-7 and do not know each other`],
  ],
  [
    "slots of the peer's fellow, which does not answer",
    {
      [first]: { knows: ['redis2:7001', 'redis1:7003'] },
      [peerId]: { knows: ['redis3:7002'], believes: { 'redis3:7002': { slots: '0-9' } } },
      'redis3:7002': { failure: 'timeout' },
    },
    [`redis3:7002 and ${first} own the slots 0-9`],
  ],
  [
    'a handshake of the peer with a stranger',
    { [peerId]: { handshakes: ['10.9.9.9:7000'] } },
    ['it knows 10.9.9.9:7000, which the inventory does not have'],
  ],
  ['a peer that does not respond', { [peerId]: { failure: 'timeout' } }, [`${peerId}: what it knows and`]],
  ['a node that does not respond', { [first]: { failure: 'host' } }, [`${first}: what it knows and holds`]],
  ['a peer with another password', { [peerId]: { failure: 'auth' } }, [`${peerId}: it cannot be asked`]],
  ['a peer without cluster mode', { [peerId]: { standalone: true } }, ['it runs without cluster-enabled']],
])('meeting %s', (_, nodes, expected) => {
  expect(refusals(nodes)).toEqual(expected.map((text) => expect.stringContaining(text)));
});
