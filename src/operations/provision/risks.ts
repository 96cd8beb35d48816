import type { HostProblem } from '../../host/requirements/problem.ts';
import { canonicalDirective } from '../../inventory/directives.ts';
import { compareWithLive } from '../../render/changes.ts';
import { leftoversOf } from '../../render/leftovers.ts';
import { riskOfSetting } from '../../render/setting-risk.ts';
import { growthOf } from './safe-settings.ts';
import type { RunningNode } from './running-node.ts';

/** Settings that running nodes are to get and that can lose something later, once per host. Pure. */
export function noteRisks(running: readonly RunningNode[]): readonly HostProblem[] {
  const noted = new Map<string, HostProblem>();
  for (const node of running) {
    const { host } = node;
    for (const { directive, from, to } of changesOf(node)) {
      const risk = riskOf(directive, from, to);
      if (risk === undefined) continue;
      const message = `${host}: ${directive} becomes ${to || '(empty)'}, and was ${from || '(empty)'}: ${risk}`;
      const hints = ['Leave the inventory as it was where that matters.'];
      noted.set(message, { id: 'risky-setting', kind: 'warning', host, message, hints });
    }
  }
  return [...noted.values()];
}

const changesOf = (
  node: RunningNode,
): readonly { readonly directive: string; readonly from: string; readonly to: string }[] => [
  ...compareWithLive(node.desired, node.view.config).live,
  ...leftoversOf({ ...node, live: node.view.config }).flatMap(({ directive, from, to, needsRestart }) =>
    needsRestart || to === undefined ? [] : [{ directive, from, to }],
  ),
];

/**
 * provision switches the append-only files with the care that CONFIG SET lacks, and off they keep less all
 * the same. A smaller backlog gives memory back.
 */
function riskOf(directive: string, from: string, to: string): string | undefined {
  switch (canonicalDirective(directive)) {
    case 'appendonly':
      return to === 'no' ? 'a crash loses what was written since the last snapshot' : undefined;
    case 'repl-backlog-size':
      return growthOf(from, to) > 0 ? riskOfSetting(directive, to) : undefined;
    default:
      return riskOfSetting(directive, to);
  }
}
