import { OperationError } from '../base/errors.ts';
import { isSecretDirective, masked } from '../inventory/secret-directives.ts';
import type { InfoFields, NodeFlag, NodeLine, OpenSlot, SlotRange, MasterLogin } from './view.ts';

/**
 * Reads a CLUSTER NODES reply of any version from 6.2 on, of Redis and Valkey
 * (`id ip:port@bus[,hostname[,name=value…]] flags master ping pong epoch link slots…`).
 * Throws OperationError on a line of another shape.
 */
export function parseClusterNodes(reply: string): readonly NodeLine[] {
  return reply
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map(parseNodeLine);
}

/** Reads INFO or CLUSTER INFO: `name:value` lines; headings and blank lines are left out. */
export function parseInfo(reply: string): InfoFields {
  const fields: Record<string, string> = {};
  for (const line of reply.split('\n')) {
    const colon = line.indexOf(':');
    if (colon > 0 && !line.startsWith('#')) fields[line.slice(0, colon)] = line.slice(colon + 1).trimEnd();
  }
  return fields;
}

/** A field that is a number; undefined: the server did not say, which is not 0. */
export function numberIn(info: InfoFields, field: string): number | undefined {
  const value = info[field];
  const number = value === undefined || value === '' ? Number.NaN : Number(value);
  return Number.isNaN(number) ? undefined : number;
}

/** Keys in all databases, from the keyspace section of INFO (`db0:keys=12,expires=0,avg_ttl=0`). */
export function countKeys(info: InfoFields): number {
  return Object.entries(info)
    .filter(([name]) => /^db\d+$/.test(name))
    .reduce((sum, [, value]) => sum + Number(/\bkeys=(\d+)/.exec(value)?.[1] ?? 0), 0);
}

/**
 * How many replicas in sync a master needs to take writes, from a reply of CONFIG GET; undefined: it does not
 * say. With min-replicas-max-lag 0 none are counted (refreshGoodSlavesCount).
 */
export function parseNeededReplicas(flat: readonly string[]): number | undefined {
  const config = parseConfig(flat);
  const [needed, maxLag] = ['min-replicas-to-write', 'min-replicas-max-lag'].map((name) => config[name]);
  if (needed === undefined || !/^\d+$/.test(needed)) return undefined;
  return maxLag === '0' ? 0 : Number(needed);
}

/**
 * How a node logs in to its master, from a CONFIG GET reply with masteruser and masterauth. The tool sets no
 * masteruser: its nodes log in as the user default.
 */
export function parseMasterLogin(
  flat: readonly string[],
  isOwnPassword: (value: string) => boolean,
): MasterLogin | undefined {
  const valueOf = (name: string): string | undefined => {
    const at = flat.findIndex((word, index) => index % 2 === 0 && word === name);
    return at === -1 ? undefined : flat[at + 1];
  };
  const password = valueOf('masterauth');
  if (password === undefined) return undefined;
  if ((valueOf('masteruser') ?? '') !== '') return 'other';
  if (isOwnPassword(password)) return 'ours';
  return password === '' ? 'none' : 'other';
}

/**
 * Reads a CONFIG GET reply (name, value, name, value, …); the values of secrets become `***`, unset ones stay
 * ''.
 */
export function parseConfig(reply: readonly string[]): Readonly<Record<string, string>> {
  const config: Record<string, string> = {};
  for (let index = 0; index + 1 < reply.length; index += 2) {
    const name = reply[index] ?? '';
    const value = reply[index + 1] ?? '';
    config[name] = isSecretDirective(name) && value !== '' ? masked : value;
  }
  return config;
}

/** A node's id: what a server calls so is put into commands that operators paste. */
export const isNodeId = (text: string): boolean => /^[0-9a-f]{40}$/.test(text);

/**
 * The server's process, by INFO; undefined: it does not say, or not a pid. 0 and -1 would end many processes.
 */
export function processIdOf(info: InfoFields): number | undefined {
  const text = info['process_id'] ?? '';
  return /^[1-9]\d{0,9}$/.test(text) ? Number(text) : undefined;
}

function parseNodeLine(line: string): NodeLine {
  const [nodeId = '', where = '', flagList, masterId = '', ping, pong, epoch, link, ...slots] =
    line.split(' ');
  const [address = '', hostname = ''] = where.split(',');
  // What stands for an address may be a name: cluster-announce-ip takes any up to Redis 7.
  const place = /^([\w.:%-]*):(\d{1,5})(?:@(\d{1,5}))?$/.exec(address);
  const isLine = isNodeId(nodeId) && (masterId === '-' || isNodeId(masterId)) && /^[\w.-]*$/.test(hostname);
  if (!isLine || !place || !flagList || !link) throw unreadable(line);
  const flags = flagList.split(',');
  return {
    nodeId,
    ip: place[1] ?? '',
    port: Number(place[2]),
    busPort: Number(place[3] ?? 0),
    hostname: hostname || undefined,
    flags: flags.filter(isKnownFlag),
    role: flags.includes('slave') || flags.includes('replica') ? 'replica' : 'master',
    masterId: masterId === '-' ? undefined : masterId,
    pingSent: numberFrom(ping, line),
    pongReceived: numberFrom(pong, line),
    configEpoch: numberFrom(epoch, line),
    linkState: link === 'connected' ? 'connected' : 'disconnected',
    slots: slots.filter((slot) => !slot.startsWith('[')).map((slot) => parseRange(slot, line)),
    openSlots: slots.filter((slot) => slot.startsWith('[')).map((slot) => parseOpenSlot(slot, line)),
  };
}

const unreadable = (line: string): OperationError =>
  new OperationError(`not a line of CLUSTER NODES: ${line.slice(0, 200)}`);

function numberFrom(text: string | undefined, line: string): number {
  if (text === undefined || !/^\d{1,20}$/.test(text)) throw unreadable(line);
  return Number(text);
}

const knownFlags: readonly string[] = [
  'myself',
  'master',
  'slave',
  'fail?',
  'fail',
  'handshake',
  'noaddr',
  'nofailover',
  'noflags',
] satisfies readonly NodeFlag[];

const isKnownFlag = (flag: string): flag is NodeFlag => knownFlags.includes(flag);

function parseRange(text: string, line: string): SlotRange {
  const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  if (first === undefined) throw unreadable(line);
  return [Number(first), Number(last)];
}

/** `[93->-id]`: 93 migrates to id; `[93-<-id]`: 93 is imported from id. */
function parseOpenSlot(text: string, line: string): OpenSlot {
  const [, slot, arrow, peer = ''] = /^\[(\d{1,5})-([<>])-(\w+)\]$/.exec(text) ?? [];
  if (slot === undefined || !isNodeId(peer)) throw unreadable(line);
  return { slot: Number(slot), state: arrow === '>' ? 'migrating' : 'importing', peer };
}
