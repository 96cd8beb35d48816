import { isLoweredByLimit } from '../../host/file-limit.ts';
import type { HostProblem } from '../../host/requirements/problem.ts';
import type { RunningNode } from './running-node.ts';

/** The limit of open files of a running node is too low for the inventory's maxclients. */
export function isShortOfFiles({ process, view, desired }: RunningNode): boolean {
  const wanted = Number(desired['maxclients']?.at(-1)?.join(' '));
  return isLoweredByLimit(process, { wanted, live: Number(view.config['maxclients']) });
}

/**
 * Nothing that is set at once changes it, and it keeps nobody from changing what else is due: the cause is
 * named, and the node takes up what it can when it is restarted.
 */
export function noteFileLimit(running: RunningNode): readonly HostProblem[] {
  if (!isShortOfFiles(running)) return [];
  const { host, view, desired, dropIns, process } = running;
  const { node } = view;
  const where =
    dropIns.length > 0
      ? `On ${host}, take LimitNOFILE out of ${dropIns.join(', ')}, then: systemctl daemon-reload`
      : `Have ${node} started with a higher limit of open files (LimitNOFILE of its unit, ulimit -n for a local node).`;
  return [
    {
      id: 'file-limit',
      kind: 'warning',
      host,
      node,
      message: `${node}: its limit of ${process?.openFilesLimit} open files keeps maxclients at ${view.config['maxclients']} instead of ${desired['maxclients']?.at(-1)?.join(' ')}`,
      hints: [where, `weedgo-redis restart ${node}`],
    },
  ];
}
