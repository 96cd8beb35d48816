import type { Reason } from './reason.ts';
import { lagOf, memberOf, shardWith } from './situation.ts';
import type { Situation } from './situation.ts';

/** Replicas that are not in sync; nothing else is touched before they are. `except`: nodes to restart now. */
export function guardInSync(situation: Situation, except: readonly string[] = []): readonly Reason[] {
  return situation.inventory.nodes
    .filter(({ id }) => !except.includes(id))
    .flatMap(({ id }): readonly Reason[] => {
      const why = outOfSync(situation, id);
      if (why === undefined) return [];
      const blamed = silentOf(situation, id) ?? id;
      const hints = [`Bring ${blamed} back first: weedgo-redis verify names the cause and the way.`];
      return [{ code: 'replica-link-down', message: `${id} ${why}`, hints }];
    });
}

/** undefined: a master, or a replica that has applied all but `maxLag` bytes of its master's stream. */
export function outOfSync(situation: Situation, node: string): string | undefined {
  const member = memberOf(situation, node);
  const shard = shardWith(situation, node);
  if (!member || member.source !== 'own') return silence(situation, node);
  if (member.role === 'master') return undefined;
  if (!shard) return 'replicates a master that is not of the inventory';
  if (!member.linked) return 'is not linked to its master';
  const lag = lagOf(situation, shard, member);
  if (lag === undefined)
    return `cannot be compared with ${shard.master.node.id}, which ${silence(situation, shard.master.node.id)}`;
  return lag > situation.maxLag ? `is ${lag} bytes behind ${shard.master.node.id}` : undefined;
}

/** The node that does not respond: this one or, where only the lag is not known, its master. */
function silentOf(situation: Situation, node: string): string | undefined {
  const master = shardWith(situation, node)?.master.node.id;
  return [node, master].find(
    (id) => id !== undefined && situation.view.nodes.some((view) => view.node === id && !view.reachable),
  );
}

function silence({ view }: Situation, node: string): string {
  const seen = view.nodes.find((each) => each.node === node);
  return seen && !seen.reachable ? `does not respond: ${seen.reason}` : 'does not respond';
}
