import { countSlots } from '../../cluster/slots.ts';
import type { Check, FindingId } from '../check.ts';
import { isAlone } from '../identity.ts';
import { byHand, ours } from '../remedy.ts';
import { count, joinNames } from '../text.ts';
import type { Topology } from '../topology.ts';

/** The nodes are one cluster with slots: not before the first forming, and not after CLUSTER RESET. */
export const formed: Check = {
  name: 'cluster is formed',
  section: 'cluster',
  cluster: true,
  run: ({ inventory }, topology) => {
    const { reachable } = topology;
    const strange = whatIsMissing(topology);
    if (strange === undefined) return [];
    const holders = reachable.filter(({ keys }) => keys > 0);
    return [
      {
        id: 'WR-CLUSTER-NOT-FORMED',
        severity: 'critical',
        title: `${inventory.cluster} is not formed: ${strange}`,
        nodes: reachable.map(({ node }) => node),
        hosts: [],
        seen: [
          `${count(reachable.length, 'node')} ${reachable.length === 1 ? 'answers' : 'answer'}`,
          ...holders.map(({ node, keys }) => `${node} holds ${count(keys, 'key')}`).slice(0, 6),
        ].join('; '),
        expected: 'one cluster of all nodes of the inventory, in which every slot has an owner',
        why: 'It serves nothing: every client gets CLUSTERDOWN.',
        remedy: [
          ...(holders.length > 0
            ? [
                byHand(
                  `${joinNames(holders.map(({ node }) => node))} holds keys outside a cluster: save them and empty it first`,
                ),
              ]
            : []),
          ours(inventory, 'provision'),
        ],
        explains: [{ ids: symptoms }],
      },
    ];
  },
};

/** What nodes that are not a cluster complain of. */
const symptoms: readonly FindingId[] = [
  'WR-STATE-FAIL',
  'WR-SLOTS-UNCOVERED',
  'WR-NODE-ALONE',
  'WR-NODE-FORGOTTEN',
  'WR-NODE-HANDSHAKE',
  'WR-NODES-DISAGREE',
  'WR-EPOCH-COLLISION',
  'WR-MASTER-EMPTY',
  'WR-REPLICAS-MISSING',
  'WR-SHARDS-DIFFER',
  'WR-INCOMPLETE',
  'WR-WRITE-FAILED',
];

function whatIsMissing(topology: Topology): string | undefined {
  const { members, strangers, reachable } = topology;
  if (reachable.length === 0) return undefined;
  const owned = [
    ...members.map(({ slots }) => slots),
    ...strangers.flatMap(({ lines }) => lines.map((l) => l.slots)),
  ];
  if (owned.every((slots) => countSlots(slots) === 0)) return 'no slot has an owner';
  return reachable.every(({ node }) => isAlone(node, topology)) ? 'no node knows another' : undefined;
}
