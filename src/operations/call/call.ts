import type { Judgement } from '../../cluster/copies.ts';
import { OperationError, RefusedError, UsageError } from '../../base/errors.ts';
import type { Inventory, Node } from '../../inventory/inventory.ts';
import { isSecretDirective } from '../../inventory/secret-directives.ts';
import { findNode } from '../../inventory/topology.ts';
import { isFailure, ReplyError } from '../../redis/connection.ts';
import { throwIfInterrupted } from '../../base/wait.ts';
import { type Approval, demandName } from '../../session/approval.ts';
import { changing } from '../../session/changing.ts';
import { refuseFor } from '../../failover/refuse.ts';
import type { Session } from '../../session/session.ts';
import { classifyCall } from './commands.ts';
import { type Call, judgeCall } from './guard.ts';
import { demandPeer } from './meet.ts';
import { replicate } from './replicate.ts';
import { differsOn } from './server-word.ts';
import { ownsSlots } from './slots.ts';

export type CallRequest = {
  /** An inventory node, or `all`. */
  readonly target: string;
  readonly words: readonly string[];
  /** For the audit log. */
  readonly command: string;
};

/** What one node answered: its reply in RESP2 shape, or why there is none. */
export type Answer =
  | { readonly node: string; readonly ok: true; readonly reply: unknown }
  | { readonly node: string; readonly ok: false; readonly error: string };

/**
 * What is to be sent to which nodes, before any of them is contacted. Throws UsageError for an unknown node,
 * RefusedError for a command that is not passed on.
 */
export function planCall(inventory: Inventory, { target, words }: CallRequest): Call {
  const nodes = targetsOf(inventory, target);
  const call = { nodes, words, effect: classifyCall(words) };
  if (call.effect === 'meets') demandPeer(inventory, words);
  return call;
}

/**
 * Sends one Redis command to one node or to all, each through its host's connection and with the inventory's
 * password. Commands that change anything hold the cluster's lock and are audited; those that can lose data
 * are judged by what the cluster is now, and what they can lose has to be confirmed by typing the node's name
 * (for `all`: the cluster's). Throws as `planCall`, and RefusedError where a guard or the answer says no.
 */
export async function callNodes(
  session: Session,
  request: CallRequest,
  approval: Approval,
): Promise<readonly Answer[]> {
  const call = planCall(session.inventory, request);
  if (call.effect === 'reads') return send(session, call);
  const reason = `call ${call.words.slice(0, 2).join(' ')}`;
  return changing(session, { command: request.command, reason }, async (locked) => {
    await demandAgreement(locked, call, approval);
    throwIfInterrupted(locked.signal);
    return send(locked, call);
  });
}

/** Names of the hosts that have to be connected; undefined: all, for the lock. */
export function hostsToAsk({ nodes, effect }: Call): readonly string[] | undefined {
  return effect === 'reads' ? nodes.map(({ host }) => host) : undefined;
}

function targetsOf(inventory: Inventory, target: string): readonly Node[] {
  if (target === 'all') return inventory.nodes;
  const node = findNode(inventory, target);
  if (node) return [node];
  throw new UsageError(`there is no node ${target} in the inventory`, {
    hints: [`Its nodes: ${inventory.nodes.map(({ id }) => id).join(', ')}, or all.`],
  });
}

/**
 * What can be lost is told and confirmed; an answer takes minutes, so the cluster is judged again after it.
 */
async function demandAgreement(session: Session, call: Call, approval: Approval): Promise<void> {
  const judged = await judgeCall(session, call);
  refuse(call, judged);
  if (judged.risks.length === 0) return;
  const [only] = call.nodes;
  const name = call.nodes.length === 1 && only ? only.id : session.inventory.cluster;
  await demandName(approval, { name, statements: judged.risks, question: `Type ${name} to continue: ` });
  const now = await judgeCall(session, call);
  refuse(call, now);
  const untold = now.risks.filter((risk) => !judged.risks.includes(risk));
  if (untold.length > 0)
    throw new RefusedError(`the cluster has changed meanwhile: ${untold.join('; ')}`, {
      hints: ['Run the same command again.'],
    });
}

function refuse({ words }: Call, { refusals }: Judgement): void {
  refuseFor(refusals, `call ${words.slice(0, 2).join(' ').toUpperCase()}`);
}

const send = (session: Session, call: Call): Promise<readonly Answer[]> =>
  Promise.all(call.nodes.map((node) => ask(session, node, call)));

async function ask(session: Session, node: Node, { words, effect }: Call): Promise<Answer> {
  const connection = await session.redis(node);
  if (isFailure(connection)) {
    // A node that does not run forgets nothing. A nodes.conf that lists the id brings it back at the start.
    if (effect === 'forgets' && connection.failure === 'refused')
      return { node: node.id, ok: true, reply: 'not running' };
    return { node: node.id, ok: false, error: connection.reason };
  }
  try {
    const differs = await differsOn(connection, words, effect);
    if (differs !== undefined) return { node: node.id, ok: false, error: differs };
    if (effect === 'replicates') {
      await replicate(session, node, words[2] ?? '');
      return { node: node.id, ok: true, reply: 'OK' };
    }
    return { node: node.id, ok: true, reply: withoutSecrets(words, await connection.call(words)) };
  } catch (error) {
    if (!(error instanceof OperationError)) throw error;
    if (error instanceof ReplyError && effect === 'forgets' && error.message.includes('Unknown node'))
      return { node: node.id, ok: true, reply: 'OK' };
    // It refuses slots that are its own already, too.
    if (error instanceof ReplyError && effect === 'adds-slots' && (await ownsSlots(connection, words)))
      return { node: node.id, ok: true, reply: 'OK' };
    return { node: node.id, ok: false, error: describe(error) };
  }
}

const describe = ({ message, hints }: OperationError): string => [message, ...hints].join('\n');

/** CONFIG GET shows passwords, ACL LIST their hashes. */
function withoutSecrets([name = '']: readonly string[], reply: unknown): unknown {
  if (!Array.isArray(reply)) return reply;
  const items: readonly unknown[] = reply;
  if (name.toUpperCase() === 'CONFIG')
    return items.map((item, index) =>
      index % 2 === 1 && isSecretDirective(String(items[index - 1])) && item !== '' ? '***' : item,
    );
  if (name.toUpperCase() === 'ACL')
    return items.map((item) => (typeof item === 'string' ? item.replaceAll(/#[0-9a-f]{64}/g, '#***') : item));
  return reply;
}
