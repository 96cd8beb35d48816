import type { Member } from '../shape.ts';
import type { Reason } from './reason.ts';
import { viewOf } from './situation.ts';
import type { Situation } from './situation.ts';
import type { Choice } from './target.ts';

/**
 * A vote is sent over the voter's own bus link to the replica and is gone when there is none just then
 * (clusterSendFailoverAuth), as for some 100 ms after the replica was restarted; it asks again only after 4 ×
 * node timeout, however often it is told to, and a living master holds back all writes for 5 s in vain. So
 * more than half of all masters must have links to the replica and it to them; and so must the old one,
 * unless it is replaced by force.
 */
export function guardVotes(
  situation: Situation,
  { shard, replica }: Choice,
  mode: 'graceful' | 'force',
): readonly Reason[] {
  if (!replica) return [];
  const masters = situation.shards.map(({ master }) => master);
  const apart = masters.filter((master) => !areLinked(situation, master, replica));
  const enough = (masters.length - apart.length) * 2 > masters.length;
  const needsMaster = mode === 'graceful' && apart.some(({ nodeId }) => nodeId === shard.master.nodeId);
  if (enough && !needsMaster) return [];
  const names = apart.map(({ node }) => node.id).join(', ');
  return [
    {
      code: 'no-bus-link',
      message: `${replica.node.id} and ${names} have no cluster bus link, so votes would be lost`,
      hints: [
        `weedgo-redis check tries the bus ports between all hosts; ${replica.node.id}'s log says more.`,
      ],
    },
  ];
}

/** Each says of its own link to the other that it is there (the link-state of CLUSTER NODES). */
function areLinked(situation: Situation, one: Member, other: Member): boolean {
  const hasLink = (from: Member, to: Member): boolean =>
    viewOf(situation, from)?.nodes.find(({ nodeId }) => nodeId === to.nodeId)?.linkState === 'connected';
  return hasLink(one, other) && hasLink(other, one);
}
