import type { Node } from '../../inventory/inventory.ts';
import { planRoles } from './roles.ts';
import { memberOf } from './situation.ts';
import type { Situation } from './situation.ts';
import { chooseTarget } from './target.ts';
import type { Choice } from './target.ts';

/** A rolling restart as it was begun: enough to go on after an interruption. */
export type RestartRun = {
  /** The nodes to restart, by inventory id. */
  readonly nodes: readonly string[];
  /**
   * Each one's run_id (INFO server) at the beginning; a process with another one has been restarted since.
   */
  readonly runIds: Readonly<Record<string, string>>;
  /** The nodes among them that were masters at the beginning and are to be masters again. */
  readonly masters: readonly string[];
};

export type RestartMove =
  | { readonly kind: 'restart'; readonly node: Node }
  /** A master hands over before it is restarted, or takes its role back afterwards. */
  | { readonly kind: 'failover'; readonly choice: Choice; readonly why: 'hand-over' | 'take-back' }
  | { readonly kind: 'done' };

/**
 * The next thing to do: nodes that are down, then replicas, then each master after its replica took over; a
 * master takes its role back before the next one is touched. One at a time, so never two of a shard nor two
 * hosts at once. `runIds`: what the nodes answer now; a node that does not answer is missing.
 */
export function nextRestart(
  situation: Situation,
  run: RestartRun,
  runIds: ReadonlyMap<string, string>,
): RestartMove {
  const named = situation.inventory.hosts.flatMap(({ nodes }) =>
    nodes.filter(({ id }) => run.nodes.includes(id)),
  );
  const down = named.find(({ id }) => !runIds.has(id));
  if (down) return { kind: 'restart', node: down };
  const pending = named.filter(({ id }) => runIds.get(id) === run.runIds[id]);
  const replica = pending.find(({ id }) => memberOf(situation, id)?.role !== 'master');
  if (replica) return { kind: 'restart', node: replica };
  const [back] = planRoles(situation, run.masters).choices;
  if (back) return { kind: 'failover', choice: back, why: 'take-back' };
  const [master] = pending;
  if (!master) return { kind: 'done' };
  const [choice] = chooseTarget(situation, { kind: 'node', node: master });
  // A master of no shard owns nothing and has no replica: nobody misses it.
  if (!choice) return { kind: 'restart', node: master };
  return { kind: 'failover', choice, why: 'hand-over' };
}
