import { parseUser } from '../cluster/users.ts';
import type { BusLink, LatencyEvent, NodeProbe } from '../checks/probe.ts';
import type { Inventory, Secrets } from '../inventory/inventory.ts';
import { type RedisConnection, type RedisCommand, ReplyError } from '../redis/connection.ts';
import { passwordHash } from '../render/acl.ts';

/** The slow log's newest entries that are asked for: enough to tell a rate, little to transfer. */
const slowEntries = 32;

const commands: readonly RedisCommand[] = [
  ['CLUSTER', 'LINKS'],
  ['LATENCY', 'LATEST'],
  ['SLOWLOG', 'GET', slowEntries],
  ['ACL', 'LIST'],
];

export type ProbeContext = { readonly inventory: Inventory; readonly secrets: Secrets };

/**
 * Asks a node what only verify wants to know, in one round trip. Secrets are compared here and go no further.
 * Throws OperationError when it does not answer.
 */
export async function probeNode(
  connection: RedisConnection,
  context: ProbeContext,
): Promise<Omit<NodeProbe, 'anonymous' | 'openSlotKeys' | 'writes'>> {
  const replies = await connection.pipeline(commands);
  const [links, latency, slowlog, users] = replies.map(orUndefined);
  const isDenied = replies[3] instanceof ReplyError && replies[3].code === 'NOPERM';
  return {
    links: links && links.map(parseLink),
    latency: latency && latency.map(parseLatency),
    slowlog: slowlog && slowlog.map(parseSlow),
    users: isDenied
      ? 'denied'
      : users && users.map((line) => parseUser(String(line), (name) => hashOf(name, context))),
  };
}

/** undefined: the server does not know the command, or not in its present state. */
function orUndefined(reply: unknown): readonly unknown[] | undefined {
  if (Array.isArray(reply)) return reply;
  if (reply instanceof ReplyError) return undefined;
  return [];
}

/** `[direction, to, node, ID, …, events, rw]` */
function parseLink(reply: unknown): BusLink {
  const fields = pairs(reply);
  return {
    direction: fields['direction'] === 'to' ? 'to' : 'from',
    nodeId: fields['node'] ?? '',
    established: (fields['events'] ?? '').includes('r'),
  };
}

function pairs(reply: unknown): Readonly<Record<string, string>> {
  const words = Array.isArray(reply) ? reply.map(String) : [];
  return Object.fromEntries(
    words.flatMap((word, index) => (index % 2 === 0 ? [[word, words[index + 1] ?? '']] : [])),
  );
}

/** `[event, seconds, last ms, max ms]` */
function parseLatency(reply: unknown): LatencyEvent {
  const [event, at, lastMs, maxMs] = Array.isArray(reply) ? reply.map(String) : [];
  return { event: event ?? '', at: Number(at), lastMs: Number(lastMs), maxMs: Number(maxMs) };
}

/** `[id, seconds, microseconds, [the command], client, …]`: the command may hold anything and is left out. */
function parseSlow(reply: unknown): { readonly at: number; readonly microseconds: number } {
  const [, at, microseconds] = Array.isArray(reply) ? reply.map(Number) : [];
  return { at: at ?? 0, microseconds: microseconds ?? 0 };
}

function hashOf(name: string, { inventory, secrets }: ProbeContext): string | undefined {
  const password = name === inventory.auth.application?.user ? secrets.application : secrets.password;
  return password === undefined ? undefined : passwordHash(password);
}
