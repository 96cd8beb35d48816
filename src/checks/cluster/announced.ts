import type { ReachableView } from '../../cluster/view.ts';
import type { Inventory, Node } from '../../inventory/inventory.ts';
import { findNode } from '../../inventory/topology.ts';
import type { Check, Finding } from '../check.ts';
import type { CheckInput } from '../input.ts';
import { call, ours } from '../remedy.ts';
import { wantedOf } from '../configuration/drift.ts';

/**
 * What a node may announce in place of where it listens: what CONFIG SET puts right, and its other right
 * value.
 */
type Announcement = { readonly name: string; readonly right: string; readonly unset: string };

/** Nodes announce where they listen: clients, replicas and the other nodes connect to what is announced. */
export const announced: Check = {
  name: 'announced addresses',
  section: 'cluster',
  cluster: true,
  run: (input, { reachable }) =>
    reachable.flatMap((view) => {
      const node = findNode(input.inventory, view.node);
      const wrong = node ? wrongOf(view, node) : [];
      return node && wrong.length > 0 ? [describe(input, { view, node, wrong })] : [];
    }),
};

function announcementsOf({ address, port, busPort }: Node): readonly Announcement[] {
  return [
    { name: 'cluster-announce-ip', right: address, unset: '' },
    { name: 'cluster-announce-port', right: String(port), unset: '0' },
    { name: 'cluster-announce-bus-port', right: String(busPort), unset: '0' },
    { name: 'replica-announce-ip', right: address, unset: '' },
    { name: 'replica-announce-port', right: String(port), unset: '0' },
  ];
}

/** A server that does not show one of them does not know it. */
const wrongOf = ({ config }: ReachableView, node: Node): readonly Announcement[] =>
  announcementsOf(node).filter(({ name, right, unset }) => {
    const value = config[name];
    return value !== undefined && value !== right && value !== unset;
  });

type Seen = {
  readonly view: ReachableView;
  readonly node: Node;
  readonly wrong: readonly Announcement[];
};

function describe(input: CheckInput, { view, node, wrong }: Seen): Finding {
  const { inventory } = input;
  const { config } = view;
  const value = (name: string, own: string | number): string => {
    const set = config[name] ?? '';
    return set === '' || set === '0' ? String(own) : set;
  };
  const place = `${value('cluster-announce-ip', node.address)}:${value('cluster-announce-port', node.port)}`;
  const isOfCluster = wrong.some(({ name }) => name.startsWith('cluster-'));
  return {
    id: 'WR-ANNOUNCED-ELSEWHERE',
    severity: isOfCluster ? 'critical' : 'warning',
    title: isOfCluster
      ? `${node.id} announces ${place}, where it does not listen`
      : `${node.id} announces another address to its master`,
    nodes: [node.id],
    hosts: [],
    seen: wrong.map(({ name }) => `${name} ${config[name]}`).join(', '),
    expected: `${node.address}:${node.port}, bus port ${node.busPort}`,
    why: isOfCluster
      ? 'Clients, its replicas and the other nodes connect to what it announces, and do not find it there.'
      : 'Its master lists it there, so its lag cannot be measured.',
    remedy: remedyOf(input, node, wrong),
    explains: isOfCluster ? [consequencesOf(inventory, node)] : [],
  };
}

/** provision sets what the file is to have; the rest has to be set back in the running server. */
function remedyOf(input: CheckInput, node: Node, wrong: readonly Announcement[]): readonly string[] {
  const managed = wantedOf(input)[node.id] ?? {};
  const back = wrong.filter(({ name }) => managed[name] === undefined);
  return [
    ...back.map(({ name, unset }) => call(input.inventory, node.id, 'CONFIG', 'SET', name, unset)),
    ...(back.length < wrong.length ? [ours(input.inventory, 'provision')] : []),
  ];
}

/** Its shard's nodes cannot copy from it, and others may not reach it. */
const consequencesOf = ({ nodes }: Inventory, { id, shard }: Node) =>
  ({
    ids: [
      'WR-REPLICA-LINK-DOWN',
      'WR-REPLICA-LAG',
      'WR-NODES-DISAGREE',
      'WR-NODE-HANDSHAKE',
      'WR-BUS-LINK',
      'WR-BUS-UNREACHABLE',
      'WR-RESTART-UNFINISHED',
    ],
    nodes: [id, ...nodes.filter((other) => other.shard === shard).map((other) => other.id)],
  }) as const;
