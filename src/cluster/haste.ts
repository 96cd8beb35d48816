import { reachableNodes } from './shape.ts';
import type { ClusterStep, TemporarySetting } from './step.ts';
import type { ClusterView } from './view.ts';

/**
 * Settings that let a cluster come up in fractions of a second: a master waits cluster-node-timeout (at least
 * 0.5 s, at most 5) before it first reports the state ok, and a replica's first link waits
 * repl-diskless-sync-delay. With keys in the cluster the timeout stays: a lower one could set off a failover.
 * What the server has now is what it returns to.
 */
export function planHaste(view: ClusterView): readonly ClusterStep[] {
  const nodes = reachableNodes(view);
  const empty = nodes.every(({ keys }) => keys === 0);
  const timeout = empty ? formingTimeoutMs(nodes.length) : uselessMs;
  const during: Readonly<Record<string, string>> = {
    ...(timeout < uselessMs && { 'cluster-node-timeout': String(timeout) }),
    'repl-diskless-sync-delay': '0',
  };
  return nodes.flatMap(({ node, config }) => {
    const settings = Object.entries(during).flatMap(([directive, value]) =>
      toSetting(directive, value, config[directive]),
    );
    return settings.length > 0 ? [{ kind: 'set-temporarily', node, settings }] : [];
  });
}

/**
 * ms. Every node pings every other twice in this time and drops a link whose answer takes half of it, so what
 * n nodes on few machines can bear grows with n: 120 nodes on two busy cores fell into reconnecting for a
 * minute at 2 s. From 5 s on nothing is gained by a lower value.
 */
const formingTimeoutMs = (nodes: number): number => Math.min(Math.max(500, nodes * 50 - 500), uselessMs);
const uselessMs = 5000;

const toSetting = (
  directive: string,
  during: string,
  after: string | undefined,
): readonly TemporarySetting[] =>
  after === undefined || Number(after) <= Number(during) ? [] : [{ directive, during, after }];
