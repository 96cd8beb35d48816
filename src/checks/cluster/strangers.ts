import { countSlots } from '../../cluster/slots.ts';
import type { Check, Finding } from '../check.ts';
import type { CheckInput } from '../input.ts';
import { byHand, call } from '../remedy.ts';
import { count, joinNames } from '../text.ts';
import { hasDataFolder } from '../data-folder.ts';
import { identityLosses } from '../identity.ts';
import type { Stranger, Topology } from '../topology.ts';

/**
 * Nodes in the cluster that the inventory does not have: another cluster met in, or an address used again.
 */
export const strangers: Check = {
  name: 'no foreign nodes',
  section: 'cluster',
  cluster: true,
  run: (input, topology) => {
    const former = new Set(identityLosses(input, topology).flatMap(({ former: ids }) => ids));
    return topology.strangers
      .filter(({ nodeId }) => !former.has(nodeId))
      .map((stranger) => foreign(input, topology, stranger));
  },
};

const slotsOf = ({ lines }: Stranger): number => Math.max(0, ...lines.map((line) => countSlots(line.slots)));

/** It owns slots itself, or is the replica of another stranger that does. */
function servesWith(stranger: Stranger, all: readonly Stranger[]): boolean {
  const masters = new Set(stranger.lines.map(({ masterId }) => masterId));
  return all.some((each) => (each === stranger || masters.has(each.nodeId)) && slotsOf(each) > 0);
}

/** It does not run and nobody needs it: it owns no slots, and replicates none of the strangers that do. */
export const isDead = (stranger: Stranger, all: readonly Stranger[]): boolean =>
  !servesWith(stranger, all) &&
  stranger.lines.every(({ flags }) => flags.includes('fail') || flags.includes('noaddr'));

/** A replica that runs is a copy of the data, and comes back a minute after it was forgotten. */
function forget(
  { inventory }: CheckInput,
  { members }: Topology,
  { nodeId, lines }: Stranger,
): readonly string[] {
  const alive = lines.find(({ flags }) => !flags.includes('fail') && !flags.includes('noaddr'));
  const master = alive && members.find((member) => member.nodeId === alive.masterId);
  const command = call(inventory, 'all', 'CLUSTER', 'FORGET', nodeId);
  if (!master) return [command];
  return [
    byHand(
      `it runs as a replica of ${master.node.id}: put it back into the inventory, or stop its process; once it is down: ${command}`,
    ),
  ];
}

function foreign(input: CheckInput, topology: Topology, stranger: Stranger): Finding {
  const { inventory } = input;
  const serves = servesWith(stranger, topology.strangers);
  const withoutDisk = topology.unreachable
    .map(({ node }) => node)
    .filter((node) => !hasDataFolder(node, input));

  const { nodeId, address, lines, knownBy } = stranger;
  const slots = slotsOf(stranger);
  const dead = lines.every(({ flags }) => flags.includes('fail') || flags.includes('noaddr'));
  return {
    id: 'WR-NODE-UNKNOWN',
    severity: dead && slots === 0 ? 'warning' : 'critical',
    title: `${address || nodeId.slice(0, 8)} is in the cluster and not in the inventory`,
    nodes: [],
    hosts: [],
    seen: [
      `${joinNames(knownBy)} ${knownBy.length === 1 ? 'lists' : 'list'} ${nodeId}`,
      lines[0]?.role === 'replica' ? 'a replica' : `a master with ${count(slots, 'slot')}`,
      ...(dead ? ['marked as failed or without an address'] : []),
    ].join(', '),
    expected: 'only the nodes of the inventory',
    why: 'A foreign node can take over slots and data, and two clusters that have met merge.',
    // What holds keys is not forgotten: that would give them up, or their second copy.
    remedy: serves
      ? [
          byHand('put it back into the inventory, if it is of this cluster'),
          call(inventory, 'all', 'CLUSTER', 'NODES'),
        ]
      : forget(input, topology, stranger),
    // Each node finds for itself that another has failed, or is told.
    passing: !dead && lines.some(({ flags }) => flags.includes('fail') || flags.includes('fail?')),
    // The id that a copied data folder displaced is forgotten with it, and so is that of a machine that was
    // replaced.
    ...(!serves && {
      dueTo: [
        { ids: ['WR-NODE-ID-TWICE'] },
        ...(dead ? [{ ids: ['WR-NODE-DOWN'] as const, nodes: withoutDisk }] : []),
      ],
    }),
  };
}
