import { type ClusterStep, noFailover } from '../step.ts';
import { standsAt } from '../shape.ts';
import { memberOf, shardWith, viewOf } from './situation.ts';
import type { Situation } from './situation.ts';
import type { Choice } from './target.ts';

export type RolePlan = {
  readonly choices: readonly Choice[];
  /** Wanted masters that cannot become masters, and why. */
  readonly problems: readonly string[];
};

/** The failovers that make each wanted node (inventory ids) the master of the shard that it is in. */
export function planRoles(situation: Situation, wanted: readonly string[]): RolePlan {
  const choices: Choice[] = [];
  const problems: string[] = [];
  for (const node of wanted) {
    const member = memberOf(situation, node);
    const shard = shardWith(situation, node);
    if (!member || !shard) problems.push(`${node} is in no shard of the cluster`);
    else if (member.role === 'replica' && wanted.includes(shard.master.node.id))
      problems.push(`${node} replicates ${shard.master.node.id}, which is to be a master as well`);
    else if (member.role === 'replica') choices.push({ shard, replica: member });
  }
  return { choices, problems };
}

/** The inventory's preferred masters, except for those on drained hosts. */
export function preferredMasters({ inventory, drained }: Situation): readonly string[] {
  return inventory.nodes
    .filter(({ preferredRole, host }) => preferredRole === 'master' && !drained.includes(host))
    .map(({ id }) => id);
}

/** The masters that stand on a host now, by inventory id. */
export function mastersOn({ shards }: Situation, host: string): readonly string[] {
  return shards.filter(({ master }) => master.node.host === host).map(({ master }) => master.node.id);
}

/** Keeps the nodes of a host from being elected, or lets them be again; only those that answer and differ. */
export function planElectable(
  situation: Situation,
  host: string,
  electable: boolean,
): readonly (ClusterStep & { kind: 'set-config' })[] {
  return situation.members
    .filter((member) => member.node.host === host && isElectable(situation, member.node.id) === !electable)
    .map(({ node }) => ({
      kind: 'set-config',
      node: node.id,
      directive: noFailover,
      value: electable ? 'no' : 'yes',
      why: electable ? `${host} is back` : `${host} is being drained`,
    }));
}

/** undefined: the node does not respond. */
function isElectable(situation: Situation, node: string): boolean | undefined {
  const member = memberOf(situation, node);
  const line = member && viewOf(situation, member)?.nodes.find((own) => standsAt(own, member.node));
  return line && !line.flags.includes('nofailover');
}
