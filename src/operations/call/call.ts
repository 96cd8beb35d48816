import { OperationError, RefusedError, UsageError } from '../../errors.ts';
import type { Inventory, Node } from '../../inventory/inventory.ts';
import { findNode } from '../../inventory/topology.ts';
import { isFailure, ReplyError } from '../../redis/connection.ts';
import { changing } from '../changing.ts';
import type { Session } from '../session.ts';
import { type CallKind, classifyCall, isSecret } from './commands.ts';

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

type Call = { readonly nodes: readonly Node[]; readonly kind: CallKind };

/**
 * What is to be sent to which nodes, before any of them is contacted. Throws UsageError for an unknown node,
 * RefusedError for a command that is not passed on.
 */
export function planCall(inventory: Inventory, { target, words }: CallRequest): Call {
  const nodes = targetsOf(inventory, target);
  const kind = classifyCall(words);
  refuseStrangers(inventory, words);
  return { nodes, kind };
}

/**
 * Sends one Redis command to one node or to all, each through its host's connection and with the inventory's
 * password. Commands that mend hold the cluster's lock and are audited. Throws as `planCall`.
 */
export async function callNodes(session: Session, request: CallRequest): Promise<readonly Answer[]> {
  const { nodes, kind } = planCall(session.inventory, request);
  const send = (held: Session): Promise<readonly Answer[]> =>
    Promise.all(nodes.map((node) => ask(held, node, request.words)));
  if (kind === 'read') return send(session);
  const reason = `call ${request.words.slice(0, 2).join(' ')}`;
  return changing(session, { command: request.command, reason }, send);
}

/** Names of the hosts that have to be connected; undefined: all, for the lock. */
export function hostsToAsk({ nodes, kind }: Call): readonly string[] | undefined {
  return kind === 'read' ? nodes.map(({ host }) => host) : undefined;
}

function targetsOf(inventory: Inventory, target: string): readonly Node[] {
  if (target === 'all') return inventory.nodes;
  const node = findNode(inventory, target);
  if (node) return [node];
  throw new UsageError(`there is no node ${target} in the inventory`, {
    hints: [`Its nodes: ${inventory.nodes.map(({ id }) => id).join(', ')}, or all.`],
  });
}

/** One MEET with a node of another cluster joins the two for good. */
function refuseStrangers({ nodes }: Inventory, words: readonly string[]): void {
  const [name = '', subcommand = '', address = '', port = ''] = words;
  if (`${name} ${subcommand}`.toUpperCase() !== 'CLUSTER MEET') return;
  if (nodes.some((node) => node.address === address && String(node.port) === port)) return;
  throw new RefusedError(
    `${address} ${port} is no node of the inventory: meeting it could join two clusters`,
    {
      hints: ['Add it to the inventory, then: weedgo-redis provision'],
    },
  );
}

async function ask(session: Session, node: Node, words: readonly string[]): Promise<Answer> {
  const connection = await session.redis(node);
  if (isFailure(connection)) return { node: node.id, ok: false, error: connection.reason };
  try {
    return { node: node.id, ok: true, reply: withoutSecrets(words, await connection.call(words)) };
  } catch (error) {
    if (!(error instanceof OperationError)) throw error;
    if (error instanceof ReplyError && isDoneAlready(words, error))
      return { node: node.id, ok: true, reply: 'OK' };
    return { node: node.id, ok: false, error: error.message };
  }
}

/** A node that does not know whom it shall forget has nothing left to forget. */
function isDoneAlready([, subcommand = '']: readonly string[], { message }: ReplyError): boolean {
  return subcommand.toUpperCase() === 'FORGET' && message.includes('Unknown node');
}

/** CONFIG GET shows passwords, ACL LIST their hashes. */
function withoutSecrets([name = '']: readonly string[], reply: unknown): unknown {
  if (!Array.isArray(reply)) return reply;
  const items: readonly unknown[] = reply;
  if (name.toUpperCase() === 'CONFIG')
    return items.map((item, index) =>
      index % 2 === 1 && isSecret(String(items[index - 1])) && item !== '' ? '***' : item,
    );
  if (name.toUpperCase() === 'ACL')
    return items.map((item) => (typeof item === 'string' ? item.replaceAll(/#[0-9a-f]{64}/g, '#***') : item));
  return reply;
}
