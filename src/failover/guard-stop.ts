import { ours } from '../checks/remedy.ts';
import type { Reason } from '../cluster/failover/reason.ts';
import { persistenceOf } from '../host/start/reads.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { desiredDirectives } from '../render/directives.ts';
import { layoutOf } from '../render/layout.ts';
import { guardFinalSave } from './final-save.ts';
import type { Observation } from '../observation/observe.ts';

type Seen = Pick<Observation, 'facts' | 'view'>;

/**
 * Why nodes must not be stopped: they run a script, could not save as they end, or would not read what they
 * wrote. Pure.
 */
export const guardStop = (inventory: Inventory, seen: Seen, ids: readonly string[]): readonly Reason[] => [
  ...guardBusy(inventory, seen, ids),
  ...guardFinalSave(inventory, seen, ids),
  ...guardNextStart(inventory, seen, ids),
];

/** A server in a script that does not end looks at no signal, so its stop would hang. */
const guardBusy = (inventory: Inventory, { view }: Seen, ids: readonly string[]): readonly Reason[] =>
  view.nodes.flatMap((seen): readonly Reason[] => {
    if (seen.reachable || !ids.includes(seen.node) || !seen.reason.includes('BUSY')) return [];
    return [
      {
        code: 'busy',
        message: `${seen.node} runs a script that does not end, and would not end itself meanwhile`,
        hints: [`Run \`${ours(inventory, 'verify')}\`: it prints what ends the script.`],
      },
    ];
  });

/**
 * Nodes whose files say another `appendonly` than they run with: their next start would read the form that
 * they no longer write. Nothing on the disk shows that append-only files are out of date, so that only a
 * running node can tell. A file that cannot be read is no reason: the start has its own. Pure.
 */
export function guardNextStart(
  inventory: Inventory,
  { facts, view }: Seen,
  ids: readonly string[],
): readonly Reason[] {
  return inventory.hosts.flatMap((host) =>
    layoutOf(inventory, host).nodes.flatMap(({ node: { id }, configFile }): readonly Reason[] => {
      const own = view.nodes.find(({ node }) => node === id);
      const filed = readAppendOnly(facts.get(host.name)?.files[configFile]?.content);
      if (!ids.includes(id) || own?.reachable !== true || filed === undefined) return [];
      const live = own.config['appendonly'];
      if (live === undefined || live === filed) return [];
      const lost =
        filed === 'yes'
          ? 'the next start would read append-only files that end where it was switched off, and lose what was written since'
          : 'the next start would read dump.rdb alone';
      return [
        {
          code: 'next-start',
          message: `${id} runs with appendonly ${live}, and its file says ${filed}: ${lost}`,
          hints: [`Run \`${ours(inventory, 'provision')}\`. Then run the same command again.`],
        },
      ];
    }),
  );
}

function readAppendOnly(conf: string | undefined): 'yes' | 'no' | undefined {
  if (conf === undefined) return undefined;
  try {
    return persistenceOf(desiredDirectives(conf)).appendOnly ? 'yes' : 'no';
  } catch {
    return undefined;
  }
}
