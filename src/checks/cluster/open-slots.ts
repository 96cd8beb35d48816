import type { OpenSlot, ReachableView } from '../../cluster/view.ts';
import type { Check, CheckInput, Finding } from '../check.ts';
import { call, redisCli } from '../remedy.ts';
import { lineOf, nameOf, type Topology } from '../topology.ts';

/** Slots left migrating or importing: a reshard that is under way, or one that was interrupted. */
export const openSlots: Check = {
  name: 'no open slots',
  section: 'cluster',
  cluster: true,
  run: (input, topology) => {
    const sides = topology.reachable.flatMap((view) => openSides(view));
    const open = [...new Set(sides.map(({ slot }) => slot))].toSorted((a, b) => a - b);
    return open.map((slot) =>
      describe(
        input,
        topology,
        sides.filter((side) => side.slot === slot),
      ),
    );
  },
};

type Side = OpenSlot & { readonly node: string };

function openSides(view: ReachableView): readonly Side[] {
  const own = lineOf(view, view.nodeId)?.openSlots ?? [];
  return own.map((open) => ({ ...open, node: view.node }));
}

function describe(input: CheckInput, topology: Topology, sides: readonly Side[]): Finding {
  const slot = sides[0]?.slot ?? 0;
  const said = sides.map(({ node, state, peer }) =>
    state === 'migrating'
      ? `${node} is giving it to ${nameOf(topology, peer)}`
      : `${node} is taking it from ${nameOf(topology, peer)}`,
  );
  const keys = sides.flatMap(({ node }) => keysIn(input, node, slot));
  return {
    id: 'WR-SLOTS-OPEN',
    severity: 'warning',
    title: `slot ${slot} is open`,
    nodes: sides.map(({ node }) => node),
    hosts: [],
    seen: [...said, ...keys.map(({ node, count }) => `${count} of its keys are on ${node}`)].join('; '),
    expected: 'no slot migrating or importing when no reshard runs',
    why: 'Clients are sent back and forth for its keys, and a failover now can lose those already moved.',
    remedy: close(input, sides, slot),
  };
}

function keysIn(
  { probes }: CheckInput,
  node: string,
  slot: number,
): readonly { node: string; count: number }[] {
  const count = probes[node]?.openSlotKeys[slot];
  return count === undefined ? [] : [{ node, count }];
}

/** Nothing moved yet: called off on both sides. Keys on the taking side: only finishing the move keeps them. */
function close(input: CheckInput, sides: readonly Side[], slot: number): readonly string[] {
  const taking = sides.filter(({ state }) => state === 'importing');
  const empty = taking.every(({ node }) => input.probes[node]?.openSlotKeys[slot] === 0);
  const first = sides[0];
  if (!first) return [];
  return empty
    ? sides.map(({ node }) => call(input.inventory, node, 'CLUSTER', 'SETSLOT', slot, 'STABLE'))
    : [
        redisCli(
          input.inventory,
          first.node,
          ({ address, port }) => `redis-cli --cluster fix ${address}:${port}`,
        ),
      ];
}
