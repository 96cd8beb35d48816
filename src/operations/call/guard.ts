import {
  type HeldSlots,
  judgeAddSlots,
  judgeCloseSlot,
  judgeOverwrite,
  type Judgement,
  nothingAgainst,
} from '../../cluster/copies.ts';
import type { Reason } from '../../cluster/failover/reason.ts';
import type { Situation } from '../../cluster/failover/situation.ts';
import type { Member } from '../../cluster/shape.ts';
import { countSlots, slotCount } from '../../cluster/slots.ts';
import type { NodeView, UnreachableView } from '../../cluster/view.ts';
import type { Node } from '../../inventory/inventory.ts';
import { riskOfSetting } from '../../render/setting-risk.ts';
import { observeNodes } from '../../observation/observe.ts';
import { lookAround } from '../../failover/look.ts';
import type { Session } from '../../session/session.ts';
import { type Effect, settingsOf } from './commands.ts';
import { slotsIn } from './slots.ts';
import { judgeForget } from './forget.ts';
import { readHeldSlots } from './held-slots.ts';
import { judgeMeet } from './meet.ts';

/** A command on its way to nodes, and what it can do. */
export type Call = {
  readonly nodes: readonly Node[];
  readonly words: readonly string[];
  readonly effect: Effect;
};

/** What blocks a command, and what it can lose, as the cluster is now. Reads only. */
export async function judgeCall(session: Session, call: Call): Promise<Judgement> {
  switch (call.effect) {
    case 'reads':
    case 'harmless':
      return nothingAgainst;
    case 'sets-config':
      return { refusals: [], risks: settingsOf(call.words).flatMap(settingRisk) };
    case 'rewrites-append-only':
      return { refusals: (await observeNodes(session)).nodes.flatMap(judgeRewrite(call)), risks: [] };
    case 'removes-user':
      return judgeRemoval(session, call.words);
    case 'meets':
      return judgeMeet(session, call);
    case 'forgets':
      return judgeForget(session, call.words[2] ?? '');
    case 'replicates':
      return forEach(call.nodes, await lookAround(session), (member, situation) =>
        judgeReplicate(session, situation, { member, masterId: call.words[2] ?? '' }),
      );
    case 'adds-slots':
      return forEach(call.nodes, await lookAround(session), (member, situation) =>
        judgeAdding(session, situation, { member, words: call.words }),
      );
    case 'closes-slot':
      return judgeClosing(session, Number(call.words[2]));
  }
}

const settingRisk = ([name, value]: readonly [string, string]): readonly string[] => {
  const risk = riskOfSetting(name, value);
  return risk === undefined ? [] : [`with ${name} "${value}" ${risk}`];
};

/**
 * With `appendonly no` it leaves append-only files that nobody reads, and that look newer than the next
 * dump.rdb.
 */
const judgeRewrite =
  ({ nodes }: Call) =>
  (view: NodeView): readonly Reason[] => {
    if (!nodes.some(({ id }) => id === view.node)) return [];
    // Where nothing listens, nothing is sent.
    if (!view.reachable) return view.failure === 'refused' ? [] : [unknownFile(view)];
    if (view.info['aof_enabled'] !== '0') return [];
    return [
      {
        code: 'in-use',
        message: `${view.node} runs with appendonly no: the append-only files would keep it from starting after a crash`,
        hints: [
          'To have append-only files, write `appendonly: yes` in the inventory, then: weedgo-redis provision',
          `To save what it holds: weedgo-redis call ${view.node} BGSAVE`,
        ],
      },
    ];
  };

const unknownFile = ({ node, reason }: UnreachableView): Reason => ({
  code: 'no-answer',
  message: `whether ${node} runs with appendonly is not known: ${reason}`,
  hints: ['Run weedgo-redis verify for details.'],
});

/** Users of the inventory are provision's to change; any other may be an application's. */
function judgeRemoval({ inventory }: Session, words: readonly string[]): Judgement {
  const names = words.slice(2);
  const own = names.filter((name) => name === 'default' || name === inventory.auth.application?.user);
  return {
    refusals: own.map((name) => ({
      code: 'in-use',
      message: `${name} is a user of the inventory`,
      hints: ['Take the user out of the inventory, then run weedgo-redis provision.'],
    })),
    risks: names.map((name) => `clients that log in as ${name} are disconnected and cannot come back`),
  };
}

async function forEach(
  nodes: readonly Node[],
  situation: Situation,
  judge: (member: Member, situation: Situation) => Promise<Judgement>,
): Promise<Judgement> {
  const judged = nodes.map(async ({ id }) => {
    const member = situation.members.find(({ node }) => node.id === id);
    return member?.source === 'own'
      ? judge(member, situation)
      : refuse(`${id} does not respond as a node of the cluster`, 'Run weedgo-redis verify for details.');
  });
  return merge(await Promise.all(judged));
}

const merge = (all: readonly Judgement[]): Judgement => ({
  refusals: all.flatMap(({ refusals }) => refusals),
  risks: all.flatMap(({ risks }) => risks),
});

/** The new master must respond and serve slots; what the replica holds must be somebody else's as well. */
async function judgeReplicate(
  session: Session,
  situation: Situation,
  { member, masterId }: { readonly member: Member; readonly masterId: string },
): Promise<Judgement> {
  const { id } = member.node;
  // Redis reads the id exactly; a name or an unknown id it refuses itself, but only after this was judged.
  const master = situation.members.find(({ nodeId }) => nodeId === masterId);
  if (member.role === 'master' && countSlots(member.slots) > 0)
    return refuse(`${id} is a master that owns slots`, `Run weedgo-redis failover ${id} first.`);
  if (master?.source !== 'own' || master.role !== 'master' || countSlots(master.slots) === 0) {
    const named = master?.node.id ?? masterId;
    const message = `${named} is not a master of the inventory that responds and owns slots: ${id} would delete its copy for one that may not come`;
    return refuse(message, 'Run weedgo-redis verify to see who is master of which slots.');
  }
  // A copy that its master keeps up to date loses nothing by linking to it again.
  if (member.linked === true && member.masterId === master.nodeId) return nothingAgainst;
  const held = await readHeldSlots(session, session.inventory.nodes);
  return judgeOverwrite(member, situation.members, held);
}

const refuse = (message: string, hint: string): Judgement => ({
  refusals: [{ code: 'in-use', message, hints: [hint] } satisfies Reason],
  risks: [],
});

async function judgeAdding(
  session: Session,
  { members }: Situation,
  { member, words }: { readonly member: Member; readonly words: readonly string[] },
): Promise<Judgement> {
  const slots = slotsIn(words);
  if (slots === undefined) return nothingAgainst;
  const held = await readHeldSlots(session, session.inventory.nodes, slots);
  return merge([judgeAddSlots(member, slots, { members, held }), unknownHolders(session, { members }, held)]);
}

/** Nodes of the inventory that neither answer nor are known to one that does: what they hold is not known. */
function unknownHolders(
  { inventory }: Session,
  { members }: Pick<Situation, 'members'>,
  held: HeldSlots,
): Judgement {
  const known = new Set([...members.map(({ node }) => node.id), ...held.keys()]);
  const unknown = inventory.nodes.filter(({ id }) => !known.has(id));
  return {
    refusals: [],
    risks: unknown.map(({ id }) => `${id} does not respond: keys that it holds of these slots are lost`),
  };
}

async function judgeClosing(session: Session, slot: number): Promise<Judgement> {
  if (!Number.isInteger(slot) || slot < 0 || slot >= slotCount) return nothingAgainst;
  const { members } = await lookAround(session);
  const held = await readHeldSlots(session, session.inventory.nodes, [slot]);
  return merge([judgeCloseSlot(slot, members, held), unknownHolders(session, { members }, held)]);
}
