import { reachableNodes } from './shape.ts';
import type { ClusterStep, TemporarySetting } from './step.ts';
import type { ClusterView } from './view.ts';

/**
 * Settings under which nodes find each other in fractions of a second: pings and handshakes pace themselves by
 * cluster-node-timeout, a master waits that long (0.5 to 5 s) before it first reports the state ok, and a replica's
 * first link waits repl-diskless-sync-delay. With keys in the cluster the timeout stays: a lower one could set off a
 * failover. `lasting` holds the values to return to; default: what the server has now.
 */
export function planHaste(
  view: ClusterView,
  lasting: Readonly<Record<string, string>>,
): readonly ClusterStep[] {
  const nodes = reachableNodes(view);
  const empty = nodes.every(({ keys }) => keys === 0);
  const during: Readonly<Record<string, string>> = {
    ...(empty && { 'cluster-node-timeout': String(formingTimeoutMs(nodes.length)) }),
    'repl-diskless-sync-delay': '0',
  };
  return nodes.flatMap(({ node, config }) => {
    const settings = Object.entries(during).flatMap(([directive, value]) =>
      toSetting(directive, value, lasting[directive] ?? config[directive]),
    );
    return settings.length > 0 ? [{ kind: 'set-temporarily', node, settings }] : [];
  });
}

/** ms; more nodes need more time for their handshakes, which expire after it (measured: docs/performance.md). */
const formingTimeoutMs = (nodes: number): number => (nodes > 30 ? 2000 : 1000);

const toSetting = (
  directive: string,
  during: string,
  after: string | undefined,
): readonly TemporarySetting[] =>
  after === undefined || Number(after) <= Number(during) ? [] : [{ directive, during, after }];
