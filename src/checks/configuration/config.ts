import type { Inventory } from '../../inventory/inventory.ts';
import { parseMemory } from '../../render/memory.ts';
import type { Check, Finding, FindingMatch } from '../check.ts';
import { byHand, ours } from '../remedy.ts';
import { joinNames } from '../text.ts';
import { type Drift, driftsOf } from './drift.ts';
import { isUnmeetable } from './outliers.ts';

/**
 * Inventory, file and running server have the same configuration. A role swapped by a failover is in none of
 * them.
 */
export const config: Check = {
  name: 'configuration',
  section: 'configuration',
  run: (input, topology) => {
    const drifts = driftsOf(input, topology);
    const kinds = [...new Set(drifts.map(signature))];
    return kinds.flatMap((key) =>
      describe(
        input.inventory,
        drifts.filter((drift) => signature(drift) === key),
      ),
    );
  },
};

/** The same drift on several nodes is one finding. */
function signature({ kind, name, inventory, file, live }: Drift): string {
  return JSON.stringify([kind, name, inventory, file, live]);
}

function describe(inventory: Inventory, drifts: readonly Drift[]): readonly Finding[] {
  const nodes = drifts.map(({ node }) => node);
  const [first] = drifts;
  if (!first) return [];
  const { kind, name, needsRestart, inventory: wanted, file, live } = first;
  return [
    {
      ...texts(kind, { name, nodes: joinNames(nodes) }),
      severity: 'warning',
      nodes,
      hosts: [],
      seen: `inventory: ${wanted}; file: ${file}; running: ${live}`,
      expected: `${name} ${wanted} in the file and in the running server${needsRestart ? ' (needs a restart)' : ''}`,
      remedy:
        needsRestart && inventory.mode === 'standalone' ? outage(inventory) : [ours(inventory, 'provision')],
      explains: consequencesOf(first, nodes),
      ...(isUnmeetable(inventory, name, [live]) && {
        dueTo: [{ ids: ['WR-WRITES-REFUSED'] as const, nodes }],
      }),
    },
  ];
}

/** Whether a limit was lowered or raised decides what follows from it: provision sets the inventory's. */
function consequencesOf({ name, inventory, live }: Drift, nodes: readonly string[]): readonly FindingMatch[] {
  const [wanted, running] = [parseMemory(inventory), parseMemory(live)];
  if (name !== 'maxmemory' || wanted === undefined || running === undefined || wanted === running) return [];
  // 0 means unlimited.
  const isLower = running > 0 && (wanted === 0 || running < wanted);
  return [{ ids: [isLower ? 'WR-MEMORY-PROMOTION' : 'WR-MEMORY-OVERCOMMIT'], nodes }];
}

/** No replica could serve while it is restarted. */
const outage = (inventory: Inventory): readonly string[] => [
  byHand('only a restart changes this, and nothing serves meanwhile'),
  ours(inventory, 'stop'),
  ours(inventory, 'provision'),
];

function texts(
  kind: Drift['kind'],
  { name, nodes }: { readonly name: string; readonly nodes: string },
): Pick<Finding, 'id' | 'title' | 'why'> {
  switch (kind) {
    case 'live':
      return {
        id: 'WR-CONFIG-LIVE',
        title: `${name} of ${nodes} was changed in the running server`,
        why: 'The change is gone with the next restart, and until then the node differs from its file.',
      };
    case 'file':
      return {
        id: 'WR-CONFIG-FILE',
        title: `${name} of ${nodes} was changed in its configuration file`,
        why: 'The next restart brings an unexpected change.',
      };
    case 'pending':
      return {
        id: 'WR-CONFIG-PENDING',
        title: `${name} of ${nodes} is not what the inventory says`,
        why: 'The inventory was changed and not provisioned, the node was not restarted since, or it and its file were changed by hand.',
      };
  }
}
