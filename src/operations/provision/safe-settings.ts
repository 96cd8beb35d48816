import { formatBytes } from '../../bytes.ts';
import type { HostProblem } from '../../host/requirements/problem.ts';
import { compareWithLive } from '../../render/changes.ts';
import { parseMemory } from '../../render/memory.ts';
import type { RunningNode } from './running.ts';

/**
 * Settings that destroy keys or lock clients out at the moment they are set, compared with what the node holds and
 * serves now: refused before anything is changed.
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
  if (!changed.has('maxmemory') && !changed.has('maxmemory-policy')) return [];
  const limit = parseMemory(wanted('maxmemory')) ?? 0;
  const used = Number(view.info['used_memory'] ?? 0);
  if (limit === 0 || used <= limit) return [];
  const policy = wanted('maxmemory-policy');
  const effect =
    policy === 'noeviction' ? 'it would refuse every write' : `${policy} would delete keys at once`;
  return [
    {
      message: `it uses ${formatBytes(used)}, and maxmemory would be ${formatBytes(limit)}: ${effect}`,
      hint: `Write a maxmemory above ${formatBytes(used)} in the inventory, or delete keys first.`,
    },
  ];
}

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
