import type { OpenSlot, ReachableView } from '../../cluster/view.ts';
import type { Check, Finding } from '../check.ts';
import type { CheckInput } from '../input.ts';
import { byHand, call, redisCli } from '../remedy.ts';
import { joinNames } from '../text.ts';
import { lineOf, type Member, nameOf, type Topology } from '../topology.ts';

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
  const held = holdersOf(input, topology, slot);
  const remedy = close(input, topology, { sides, slot, held });
  return {
    id: 'WR-SLOTS-OPEN',
    // Where no command is safe, keys are at stake until a person has decided.
    severity: remedy.every((line) => line.startsWith('#')) ? 'critical' : 'warning',
    title: `slot ${slot} is open`,
    nodes: sides.map(({ node }) => node),
    hosts: [],
    seen: [
      ...said,
      ...held.flatMap(({ node, keys }) => (keys ? [`${keys} of its keys are on ${node}`] : [])),
      ...untold(held),
    ].join('; '),
    expected: 'no slot migrating or importing when no reshard runs',
    why: 'Clients are sent back and forth for its keys, and a failover now can lose those already moved.',
    remedy,
  };
}

/** `keys` undefined: not known. */
type Holder = {
  readonly node: string;
  readonly member: Member | undefined;
  readonly keys: number | undefined;
};

/** Every node of the inventory, also one without a flag: after a failover the keys may lie there. */
function holdersOf({ inventory, probes }: CheckInput, { byNode }: Topology, slot: number): readonly Holder[] {
  return inventory.nodes.map(({ id }) => ({
    node: id,
    member: byNode.get(id),
    keys: probes[id]?.openSlotKeys[slot],
  }));
}

function untold(held: readonly Holder[]): readonly string[] {
  const names = held.filter(({ keys }) => keys === undefined).map(({ node }) => node);
  return names.length === 0
    ? []
    : [`how many ${joinNames(names)} ${names.length === 1 ? 'has' : 'have'} is not known`];
}

type Open = { readonly sides: readonly Side[]; readonly slot: number; readonly held: readonly Holder[] };

/**
 * Only what is proven to lose no key is printed as a command. No node but the owner and its replicas holds
 * keys: the move is called off. Owner and importing master name each other and no third shard holds keys: the
 * move is finished. Anything else is for a person: STABLE hides the keys that lie elsewhere, and a restart
 * there may delete them.
 */
function close({ inventory }: CheckInput, topology: Topology, open: Open): readonly string[] {
  const { sides, slot, held } = open;
  const owner = ownerOf(topology, slot);
  const elsewhere = held.filter(({ member, keys }) => keys !== 0 && !isOf(owner, member));
  const isWhole = owner !== undefined && topology.strangers.length === 0 && topology.twins.length === 0;
  if (isWhole && elsewhere.length === 0)
    return sides.map(({ node }) => call(inventory, node, 'CLUSTER', 'SETSLOT', slot, 'STABLE'));
  const taker = isWhole ? takerOf(topology, owner, open) : undefined;
  if (taker && owner && elsewhere.every(({ member, keys }) => keys !== undefined && isOf(taker, member)))
    return [
      redisCli(inventory, owner.node.id, ({ address, port }) => `redis-cli --cluster fix ${address}:${port}`),
    ];
  return decide(open, owner, elsewhere);
}

function decide({ slot }: Open, owner: Member | undefined, elsewhere: readonly Holder[]): readonly string[] {
  const away = joinNames(elsewhere.map(({ node }) => node));
  return [
    byHand(
      `decide which copy of the keys of slot ${slot} counts: ${owner ? `${owner.node.id} owns it` : 'no master that answers owns it'}, and ${away || 'a node outside the inventory'} may hold keys of it that no client sees`,
    ),
    byHand(
      `until then do not run SETSLOT ${slot} STABLE and do not restart ${away || 'that node'}: either can lose those keys for good`,
    ),
  ];
}

function ownerOf({ members }: Topology, slot: number): Member | undefined {
  const owners = members.filter(
    ({ role, slots, view }) =>
      view && role === 'master' && slots.some(([first, last]) => first <= slot && slot <= last),
  );
  return owners.length === 1 ? owners[0] : undefined;
}

/** The node itself, or a replica of it that is linked and so holds what it holds. */
function isOf(master: Member | undefined, member: Member | undefined): boolean {
  if (!master || !member) return false;
  return member === master || (member.masterId === master.nodeId && member.linked === true);
}

/** The master that imports the slot from its owner, when both say so. */
function takerOf({ members }: Topology, owner: Member, { sides }: Open): Member | undefined {
  const [one, other] = sides.toSorted((a, b) => a.state.localeCompare(b.state));
  if (sides.length !== 2 || one?.state !== 'importing' || other?.state !== 'migrating') return undefined;
  const taker = members.find(({ node, role }) => node.id === one.node && role === 'master');
  const agree = other.node === owner.node.id && other.peer === taker?.nodeId && one.peer === owner.nodeId;
  return agree ? taker : undefined;
}
