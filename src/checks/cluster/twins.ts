import { processIdOf } from '../../cluster/parse.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import type { Check, Finding, FindingId } from '../check.ts';
import { byHand, call, moveAside, ours } from '../remedy.ts';
import { count, formatSeconds, joinNames, numberOf } from '../text.ts';
import type { Twin, Twins } from '../twins.ts';

/** No two nodes run under one cluster id: a copied data folder, a cloned disk, or one server listed twice. */
export const twins: Check = {
  name: 'node ids are unique',
  section: 'cluster',
  cluster: true,
  run: ({ inventory }, topology) => topology.twins.map((group) => describe(inventory, group)),
};

function describe(inventory: Inventory, group: Twins): Finding {
  const { nodeId, original, copies, isOneServer } = group;
  const all = [original, ...copies];
  const names = joinNames(all.map(({ node }) => node.id));
  return {
    id: 'WR-NODE-ID-TWICE',
    severity: 'critical',
    title: isOneServer ? `${names} are one and the same server` : `${names} run under one node id`,
    nodes: all.map(({ node }) => node.id),
    hosts: [],
    seen: [`each calls itself ${nodeId}`, ...all.map(describeTwin)].join('; '),
    expected: 'one id per node, kept in the nodes.conf of its own data folder',
    why: isOneServer
      ? 'The inventory counts a node that does not exist, so a shard has fewer copies than it seems.'
      : 'Both take writes for the same slots, clients are sent to either, and neither has what the other took.',
    remedy: isOneServer
      ? [byHand(`give each of ${names} its own address and port in the inventory`)]
      : separate(inventory, group),
    explains: [{ ids: symptoms, nodes: all.map(({ node }) => node.id) }, { ids: everywhere }],
  };
}

function describeTwin({ node, view, former }: Twin): string {
  const uptime = numberOf(view.info, 'uptime_in_seconds');
  return [
    `${node.id} has run for ${uptime === undefined ? 'an unknown time' : formatSeconds(uptime)}`,
    `holds ${count(view.keys, 'key')}`,
    ...(former.length > 0 ? [`and was ${joinNames(former)} before`] : []),
  ].join(', ');
}

/** What the nodes complain of when one id answers at several addresses, in findings about these nodes. */
const symptoms: readonly FindingId[] = [
  'WR-BUS-LINK',
  'WR-BUS-UNREACHABLE',
  'WR-NODE-FORGOTTEN',
  'WR-NODE-ALONE',
  'WR-STATE-FAIL',
  'WR-SLOTS-TWICE',
  'WR-EPOCH-COLLISION',
  'WR-NODES-DISAGREE',
  'WR-REPLICAS-MISSING',
  'WR-REPLICA-LINK-DOWN',
  'WR-REPLICA-SYNCING',
  'WR-REPLICA-LAG',
  'WR-REPLICA-SAME-HOST',
  'WR-REPLICA-SAME-ZONE',
  'WR-MASTER-EMPTY',
  'WR-INCOMPLETE',
  'WR-WRITE-FAILED',
  'WR-WRITE-UNREPLICATED',
];

/** And in findings about others. */
const everywhere: readonly FindingId[] = ['WR-SHARDS-DIFFER', 'WR-NODES-DISAGREE'];

/** Its former id is forgotten and its data set aside, so that it comes back as an empty node of its own. */
function separate(inventory: Inventory, { copies, isKnown, original, orphans }: Twins): readonly string[] {
  if (!isKnown) {
    const names = joinNames([original, ...copies].map(({ node }) => node.id));
    return [
      byHand(`find out which of ${names} is the copy: stop it, move its data folder aside, then provision`),
    ];
  }
  const former = [...new Set([...copies.flatMap(({ former: ids }) => ids), ...orphans])];
  return [
    ...former.map((id) => call(inventory, 'all', 'CLUSTER', 'FORGET', id)),
    ...copies.map((copy) => setAside(inventory, copy)),
    ours(inventory, 'provision'),
  ];
}

function setAside(inventory: Inventory, { node, view }: Twin): string {
  const suffix = `copy-of-${view.nodeId.slice(0, 8)}`;
  return moveAside(inventory, node, { pid: processIdOf(view.info), suffix });
}
