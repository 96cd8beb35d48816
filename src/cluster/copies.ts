import type { Reason } from './failover/reason.ts';
import type { Member } from './shape.ts';
import { compactSlots, expandRanges, describeRanges } from './slots.ts';

/** The slots of which each node holds keys, by inventory id; a node that did not say is not in the map. */
export type HeldSlots = ReadonlyMap<string, ReadonlySet<number>>;

/** What speaks for and against a change: `refusals` end it, `risks` have to be confirmed by typing a name. */
export type Judgement = { readonly refusals: readonly Reason[]; readonly risks: readonly string[] };

export const nothingAgainst: Judgement = { refusals: [], risks: [] };

/**
 * Whether a replica's own data may be overwritten by another master's: only when every slot of which it holds
 * keys has an owner that responds, so that somebody else has them. Where such an owner holds no key of the
 * slot the loss is a risk to confirm, unless the replica is linked to that owner and so only a moment apart.
 */
export function judgeOverwrite(replica: Member, members: readonly Member[], held: HeldSlots): Judgement {
  const { id } = replica.node;
  const own = held.get(id);
  if (!own) return refusal(`${id} does not say which keys it holds`, `Start ${id} first.`);
  const refusals: Reason[] = [];
  const risks: string[] = [];
  const ownerOf = slotOwners(members);
  const owners = new Set([...own].map((slot) => ownerOf.get(slot)));
  for (const owner of owners) {
    if (owner === replica) continue;
    const slots = [...own].filter((slot) => ownerOf.get(slot) === owner);
    const where = `slots ${shorten(slots)}`;
    if (!owner) {
      refusals.push(reason(`${where} have no owner, and ${id} holds keys of them`, takeOver(id)));
    } else if (owner.source !== 'own' || !held.has(owner.node.id)) {
      const silent = `${owner.node.id} owns ${where} and does not respond: ${id} may have the only copy of their keys`;
      refusals.push(reason(silent, takeOver(id), `Or start ${owner.node.id} first.`));
    } else {
      const lacking = slots.filter((slot) => held.get(owner.node.id)?.has(slot) !== true);
      const isLinked = replica.linked === true && replica.masterId === owner.nodeId;
      if (lacking.length > 0 && !isLinked) {
        risks.push(
          `${id} holds keys of slots ${shorten(lacking)} that their owner ${owner.node.id} does not have: they are deleted`,
        );
      }
    }
  }
  return { refusals, risks };
}

/** Whether slots without an owner may be given to a node: not when another holds keys of them. */
export function judgeAddSlots(
  target: Member,
  wanted: readonly number[],
  { members, held }: { readonly members: readonly Member[]; readonly held: HeldSlots },
): Judgement {
  const slots = new Set(wanted);
  const others = members.filter((member) => member !== target && member.masterId !== target.nodeId);
  const refusals = others.flatMap((other): readonly Reason[] => {
    const { id } = other.node;
    const owned = expandRanges(other.slots).filter((slot) => slots.has(slot));
    if (owned.length > 0)
      return [reason(`${id} owns slots ${shorten(owned)}`, `Run weedgo-redis failover ${id} to move them.`)];
    const own = [...(held.get(id) ?? [])].filter((slot) => slots.has(slot));
    if (own.length === 0) return [];
    const message = `${id} holds keys of slots ${shorten(own)}: they would be deleted`;
    return [reason(message, `Give the slots to ${id} instead, if they are its own.`)];
  });
  const silent = others.map(({ node }) => node.id).filter((id) => !held.has(id));
  const risks = silent.map((id) => `${id} does not respond: keys that it holds of these slots are deleted`);
  return { refusals, risks };
}

/**
 * Whether a slot may be closed: a node that is not its owner, and holds keys of it, has a part of the slot's
 * keys.
 */
export function judgeCloseSlot(slot: number, members: readonly Member[], held: HeldSlots): Judgement {
  const owner = slotOwners(members).get(slot);
  const masters = members.filter((member) => member !== owner && member.role === 'master');
  const risks = masters.flatMap(({ node: { id }, source }) => {
    if (source !== 'own' || !held.has(id))
      return [`${id} does not respond: keys of slot ${slot} that it holds are lost`];
    if (held.get(id)?.has(slot) !== true) return [];
    const named = owner ? `${owner.node.id} owns it` : 'it has no owner';
    return [
      `${id} holds keys of slot ${slot} and ${named}: they can no longer be reached, and are deleted later`,
    ];
  });
  return { refusals: [], risks };
}

function slotOwners(members: readonly Member[]): ReadonlyMap<number, Member> {
  return new Map(
    members
      .filter(({ role }) => role === 'master')
      .flatMap((member) => expandRanges(member.slots).map((slot) => [slot, member] as const)),
  );
}

const shorten = (slots: readonly number[]): string => describeRanges(compactSlots(slots));

const takeOver = (replica: string): string =>
  `Run weedgo-redis failover --to ${replica} --force to make it serve what it holds.`;

const reason = (message: string, ...hints: readonly string[]): Reason => ({
  code: 'only-copy',
  message,
  hints,
});

const refusal = (message: string, hint: string): Judgement => ({
  refusals: [reason(message, hint)],
  risks: [],
});
