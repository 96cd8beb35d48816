import { formatBytes } from '../../base/bytes.ts';
import type { HostProblem } from '../../host/requirements/problem.ts';
import { compareWithLive } from '../../render/changes.ts';
import { parseMemory } from '../../render/memory.ts';
import type { Directives } from '../../render/directives.ts';
import { readable } from '../../render/directives.ts';
import type { RunningNode } from './running-node.ts';

/**
 * Settings that destroy keys or lock clients out at the moment they are set, compared with what the node
 * holds and serves now: refused before anything is changed.
 */
export function requireSafeSettings(running: RunningNode): readonly HostProblem[] {
  const { host, view, desired } = running;
  const changed = new Set(compareWithLive(desired, view.config).live.map(({ directive }) => directive));
  const wanted = (name: string): string => desired[name]?.at(-1)?.join(' ') ?? view.config[name] ?? '';
  return [...memoryTooSmall(running, changed, wanted), ...clientsTooFew(running, changed, wanted)].map(
    ({ message, hint }) => ({
      id: 'unsafe-setting',
      kind: 'refused',
      host,
      node: view.node,
      message: `${view.node}: ${message}`,
      hints: [hint],
    }),
  );
}

type Danger = { readonly message: string; readonly hint: string };
type Wanted = (name: string) => string;

function memoryTooSmall(
  { view }: RunningNode,
  changed: ReadonlySet<string>,
  wanted: Wanted,
): readonly Danger[] {
  if (!limiting.some((name) => changed.has(name))) return [];
  const limit = parseMemory(wanted('maxmemory')) ?? 0;
  const backlog = 'repl-backlog-size';
  const growth = changed.has(backlog) ? growthOf(view.config[backlog] ?? '', wanted(backlog)) : 0;
  const used = Number(view.info['used_memory'] ?? 0) + growth;
  if (limit === 0 || used <= limit) return [];
  const policy = wanted('maxmemory-policy');
  const effect =
    policy === 'noeviction' ? 'it would refuse every write' : `${policy} would delete keys at once`;
  const of = growth === 0 ? '' : ` with ${backlog} ${wanted(backlog)}`;
  return [
    {
      message: `it uses ${formatBytes(used)}${of}, and maxmemory would be ${formatBytes(limit)}: ${effect}`,
      hint: `Write a maxmemory above ${formatBytes(used)} in the inventory, or delete keys first.`,
    },
  ];
}

/** What decides whether a server has to make room. */
const limiting = ['maxmemory', 'maxmemory-policy', 'repl-backlog-size'];

/** Bytes that the replication backlog takes more than before; it counts against maxmemory. */
export const growthOf = (from: string, to: string): number =>
  Math.max(0, (parseMemory(to) ?? 0) - (parseMemory(from) ?? 0));

function clientsTooFew(
  { view }: RunningNode,
  changed: ReadonlySet<string>,
  wanted: Wanted,
): readonly Danger[] {
  const limit = Number(wanted('maxclients'));
  const connected = Number(view.info['connected_clients'] ?? 0);
  if (!changed.has('maxclients') || limit > connected) return [];
  return [
    {
      message: `it has ${connected} clients, and maxclients would be ${limit}: it would turn away every new one, this tool too`,
      hint: `Write a maxclients well above ${connected} in the inventory.`,
    },
  ];
}

/**
 * A file's content with the limits of the file that was there before, where the new ones might delete keys or
 * turn clients away: for a node that does not run, and holds what only a running server tells. Once it does
 * run, `requireSafeSettings` judges the change.
 */
export function keepLimits(content: string, before: string): string {
  const [wanted, filed] = [readable(content), readable(before)];
  const kept = [
    ...(mayEvict(wanted, filed) ? ['maxmemory', 'maxmemory-policy'] : []),
    ...(mayTurnAway(wanted, filed) ? ['maxclients'] : []),
  ];
  return kept.reduce((text, name) => replaceDirective(text, name, valueOf(filed, name)), content);
}

function mayEvict(wanted: Directives, filed: Directives): boolean {
  const limitOf = (directives: Directives): number =>
    parseMemory(valueOf(directives, 'maxmemory') ?? '0') ?? Number.NaN;
  const [limit, before] = [limitOf(wanted), limitOf(filed)];
  if (limit === 0) return false;
  const isSamePolicy = valueOf(wanted, 'maxmemory-policy') === valueOf(filed, 'maxmemory-policy');
  return !isSamePolicy || before === 0 || !(limit >= before);
}

const mayTurnAway = (wanted: Directives, filed: Directives): boolean =>
  Number(valueOf(wanted, 'maxclients') ?? defaultClients) <
  Number(valueOf(filed, 'maxclients') ?? defaultClients);

/** config.c, `maxclients`. */
const defaultClients = 10_000;

const valueOf = (directives: Directives, name: string): string | undefined =>
  directives[name]?.at(-1)?.join(' ').toLowerCase();

/** undefined: the server's default. */
function replaceDirective(content: string, name: string, value: string | undefined): string {
  const line = value === undefined ? '' : `${name} "${value}"\n`;
  const pattern = new RegExp(`^${name} .*\\n?`, 'm');
  return pattern.test(content) ? content.replace(pattern, () => line) : content + line;
}
