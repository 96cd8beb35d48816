import { type RedisConnection, ReplyError } from '../../redis/connection.ts';
import type { Effect } from './commands.ts';

/**
 * Asks the node itself what it means by a command, since `rename-command` or a module can put another behind
 * the name. Resolves to why the command must not be sent to it, undefined when nothing blocks it. Throws
 * OperationError when the node does not say.
 */
export async function differsOn(
  { call }: RedisConnection,
  words: readonly string[],
  effect: Effect,
): Promise<string | undefined> {
  const [name = '', subcommand = ''] = words.map((word) => word.toLowerCase());
  const full = `${name}|${subcommand}`;
  try {
    const [container, exact] = parseInfos(await call(['COMMAND', 'INFO', name, full]));
    const said = exact ?? container;
    if (!said) return `the server has no command ${name.toUpperCase()}, or has renamed it`;
    return objection(said, exact ? full : name, effect);
  } catch (error) {
    // A server that runs a script answers nothing but what ends the script, and refuses everything else
    // itself.
    if (error instanceof ReplyError && error.code === 'BUSY') return undefined;
    throw error;
  }
}

type CommandInfo = { readonly name: string; readonly flags: readonly string[] };

/** Entries of COMMAND INFO: name, arity, flags, keys and, since 6.0, categories at [6]. */
function parseInfos(reply: unknown): readonly (CommandInfo | undefined)[] {
  if (!Array.isArray(reply)) return [];
  return reply.map((entry: unknown) => {
    if (!Array.isArray(entry)) return undefined;
    const items: readonly unknown[] = entry;
    const flags = [items[2], items[6]].flatMap((list) => (Array.isArray(list) ? list.map(String) : []));
    return { name: String(items[0]).toLowerCase(), flags };
  });
}

function objection({ name, flags }: CommandInfo, asked: string, effect: Effect): string | undefined {
  if (name !== asked)
    return `the server has put ${name.toUpperCase()} behind the name ${asked.toUpperCase()}`;
  if (flags.includes('module')) return `${asked.toUpperCase()} is a module's command`;
  // No command that `call` passes on writes to the keyspace, whatever else it does.
  const writes = flags.includes('write') || flags.includes('@write');
  return writes ? `the server says that ${asked.toUpperCase()} writes (${effect} expected)` : undefined;
}
