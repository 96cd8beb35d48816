import { OperationError, UsageError } from '../../errors.ts';
import type { Inventory, Node } from '../../inventory/inventory.ts';
import { findNode } from '../../inventory/topology.ts';
import { isFailure, ReplyError } from '../../redis/connection.ts';
import { isSecretDirective } from '../../render/directives.ts';
import { changing } from '../changing.ts';
import type { Session } from '../session.ts';
import { classifyCall } from './commands.ts';

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
 * Sends one Redis command to one node or to all, each through its host's connection and with the inventory's
 * password. Commands that mend hold the cluster's lock and are audited.
 * Throws UsageError for an unknown node, RefusedError for a command that is not passed on.
 */
export async function callNodes(session: Session, request: CallRequest): Promise<readonly Answer[]> {
  const nodes = targetsOf(session.inventory, request.target);
  const kind = classifyCall(request.words);
  const send = (held: Session): Promise<readonly Answer[]> =>
    Promise.all(nodes.map((node) => ask(held, node, request.words)));
  if (kind === 'read') return send(session);
  const reason = `call ${request.words.slice(0, 2).join(' ')}`;
  return changing(session, { command: request.command, reason }, send);
}

function targetsOf(inventory: Inventory, target: string): readonly Node[] {
  if (target === 'all') return inventory.nodes;
  const node = findNode(inventory, target);
  if (node) return [node];
  throw new UsageError(`there is no node ${target} in the inventory`, {
    hints: [`Its nodes: ${inventory.nodes.map(({ id }) => id).join(', ')}, or all.`],
  });
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
      index % 2 === 1 && isSecret(items[index - 1]) && item !== '' ? '***' : item,
    );
  if (name.toUpperCase() === 'ACL')
    return items.map((item) => (typeof item === 'string' ? item.replaceAll(/#[0-9a-f]{64}/g, '#***') : item));
  return reply;
}

function isSecret(name: unknown): boolean {
  return typeof name === 'string' && (isSecretDirective(name) || name.endsWith('-file-pass'));
}
